namespace Tx.Repl.Polyglot;

/// <summary>Runs commands one after another on a thread of its own. A submission that was abandoned is cancelled: a notebook that cancels one says nothing to this host, but it
/// sends the next one only when it has given up the last. So one that still runs a while after a submission with another root came is not waited for.</summary>
/// <param name="run">Carries out a command.</param>
/// <param name="grace">How long a submission may go on beside a newer one: it may be about to end.</param>
internal sealed class SubmissionQueue(Action<HostCommand, CancellationToken> run, TimeSpan grace) : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<HostCommand> _waiting = [];
    private HostCommand? _running;
    private CancellationTokenSource? _cancellation;
    private Timer? _timer;
    private bool _isClosed;

    public void Add(HostCommand command)
    {
        lock (_gate)
        {
            _waiting.Enqueue(command);
            Watch();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Cancels what runs.</summary>
    public void Cancel()
    {
        lock (_gate) _cancellation?.Cancel();
    }

    /// <summary>Nothing more comes: what waits is done, and then <see cref="Run"/> ends.</summary>
    /// <param name="abandons">What waits is dropped, and what runs is cancelled.</param>
    public void Close(bool abandons)
    {
        lock (_gate)
        {
            _isClosed = true;
            if (abandons)
            {
                _waiting.Clear();
                _cancellation?.Cancel();
            }
            Monitor.PulseAll(_gate);
        }
    }

    public void Run()
    {
        while (true)
        {
            HostCommand command;
            CancellationTokenSource cancellation;
            lock (_gate)
            {
                while (_waiting.Count == 0 && !_isClosed) Monitor.Wait(_gate);
                if (!_waiting.TryDequeue(out command!)) return;
                (_running, _cancellation) = (command, cancellation = new());
                Watch();
            }
            try { run(command, cancellation.Token); }
            finally
            {
                lock (_gate)
                {
                    (_running, _cancellation) = (null, null);
                    cancellation.Dispose();
                }
            }
        }
    }

    private void Watch()
    {
        if (_running is not { } running || !IsAbandoned(running)) return;
        _timer?.Dispose();
        _timer = new(_ =>
        {
            lock (_gate)
                if (ReferenceEquals(_running, running) && !_isClosed) _cancellation?.Cancel();
        }, null, grace, Timeout.InfiniteTimeSpan);
    }

    private bool IsAbandoned(HostCommand running) => running.Type == "SubmitCode" && _waiting.Any(w => w.Type == "SubmitCode" && w.RootToken != running.RootToken);

    public void Dispose()
    {
        lock (_gate) _timer?.Dispose();
    }
}
