namespace Tx.Repl.Lsp;

/// <summary>Work on one thread: requests in their order, and when there is none, the analysis of documents that changed. A new request or change interrupts an
/// analysis, which keeps what it has found and is taken up again.</summary>
internal sealed class WorkQueue(Action<string, CancellationToken> analyse) : IDisposable
{
    /// <summary>A request that waits or runs.</summary>
    /// <param name="Id">As the client wrote it.</param>
    /// <param name="Document">The document that it asks about; null for none.</param>
    public sealed record Request(string Id, string? Document, Action<CancellationToken> Run, Action<bool> Refuse)
    {
        public CancellationTokenSource Cancellation { get; } = new();
        /// <summary>Its document has changed since it was asked.</summary>
        public bool IsStale { get; set; }
    }

    private readonly object _gate = new();
    private readonly Queue<Request> _requests = [];
    private readonly List<string> _changed = [];
    private Request? _running;
    private CancellationTokenSource? _analysis;
    private bool _isClosed;

    public void Add(Request request)
    {
        lock (_gate)
        {
            _requests.Enqueue(request);
            _analysis?.Cancel();
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>A document changed: it is analysed again, and what was asked about its old text is given up.</summary>
    public void Changed(string document, bool isEdit)
    {
        lock (_gate)
        {
            foreach (var r in _requests.Append(_running).OfType<Request>().Where(r => isEdit && r.Document == document))
            {
                r.IsStale = true;
                r.Cancellation.Cancel();
            }
            _changed.Remove(document);
            _changed.Insert(0, document);
            _analysis?.Cancel();
            Monitor.Pulse(_gate);
        }
    }

    public void Cancel(string id)
    {
        lock (_gate)
            foreach (var r in _requests.Append(_running).OfType<Request>().Where(r => r.Id == id)) r.Cancellation.Cancel();
    }

    /// <summary>Ends <see cref="Run"/> once what was asked is answered.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _analysis?.Cancel();
            Monitor.Pulse(_gate);
        }
    }

    public void Run()
    {
        while (true)
        {
            Request? request = null;
            string? document = null;
            CancellationTokenSource? analysis = null;
            lock (_gate)
            {
                while (_requests.Count == 0 && _changed.Count == 0 && !_isClosed) Monitor.Wait(_gate);
                if (_requests.TryDequeue(out request)) _running = request;
                else if (_isClosed) return;
                else
                {
                    document = _changed[0];
                    _changed.RemoveAt(0);
                    _analysis = analysis = new();
                }
            }
            if (request is not null) Answer(request);
            else if (!Analyse(document!, analysis!)) Again(document!);
        }
    }

    private void Answer(Request request)
    {
        try
        {
            request.Cancellation.Token.ThrowIfCancellationRequested();
            request.Run(request.Cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            request.Refuse(request.IsStale);
        }
        lock (_gate) _running = null;
        request.Cancellation.Dispose();
    }

    private bool Analyse(string document, CancellationTokenSource analysis)
    {
        try
        {
            analyse(document, analysis.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            lock (_gate) _analysis = null;
            analysis.Dispose();
        }
    }

    private void Again(string document)
    {
        lock (_gate)
            if (!_changed.Contains(document)) _changed.Add(document);
    }

    public void Dispose() => _analysis?.Dispose();
}
