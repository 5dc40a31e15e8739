using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tx.Core;
using Tx.LanguageServices;

namespace Tx.Repl.Lsp;

/// <summary>A language server: one reader, which keeps the documents, and one thread that answers and analyses. Nothing that a client sends ends it but <c>exit</c> and the
/// end of the input.</summary>
internal sealed class LanguageServer : IDisposable
{
    public const int ParseError = -32700, InvalidRequest = -32600, MethodNotFound = -32601, InvalidParams = -32602, InternalError = -32603,
        NotInitialized = -32002, RequestCancelled = -32800, ContentModified = -32801;

    // The compiler recurses over what users write.
    private const int StackBytes = 256 << 20;

    private readonly MessageStream _stream;
    private readonly TextWriter _log;
    private readonly LanguageService _service = new();
    private readonly WorkQueue _queue;
    private readonly Dictionary<string, string> _uris = new(StringComparer.Ordinal);
    private readonly ServerAnswers _answers;
    private volatile Workspace _workspace = Workspace.Empty;
    private TextPositions _positions = new(TextPositions.Utf16);
    private bool _isInitialized, _isShutDown, _isIdle = true;

    public LanguageServer(Stream input, Stream output, TextWriter log)
    {
        (_stream, _log) = (new(input, output), log);
        _queue = new(Publish);
        _answers = new(_service, UriOf);
    }

    /// <summary>Serves until the client leaves. 0 where it said so before.</summary>
    public int Run()
    {
        var worker = new Thread(_queue.Run, StackBytes) { IsBackground = true, Name = "language service" };
        worker.Start();
        int exit = 1;
        _isIdle = false;
        while (_stream.Read() is { } body)
            if (Receive(body) is { } code)
            {
                exit = code;
                break;
            }
        _queue.Close();
        _isIdle = worker.Join(TimeSpan.FromSeconds(5));
        return exit;
    }

    private int? Receive(byte[] body)
    {
        RequestMessage? message;
        try { message = JsonSerializer.Deserialize(body, LspJson.Default.RequestMessage); }
        catch (JsonException)
        {
            Fail(null, ParseError, "the message is no JSON");
            return null;
        }
        if (message?.Method is not { } method)
        {
            // An answer of the client has no method either.
            if (message?.Id is null) Fail(null, InvalidRequest, "the message has no method");
            return null;
        }
        try
        {
            if (method == "exit") return _isShutDown ? 0 : 1;
            if (message.Id is { } id) Ask(id, method, message.Params);
            else if (_isInitialized) Notify(method, message.Params);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or UriFormatException or ArgumentException or KeyNotFoundException)
        {
            if (message.Id is { } id) Fail(id, InvalidParams, e.Message);
            else _log.WriteLine($"tx lsp: {method}: {e.Message}");
        }
        catch (Exception e) when (e is not IOException)
        {
            Fault(e, () =>
            {
                if (message.Id is { } id) Fail(id, InternalError, e.Message);
            });
        }
        return null;
    }

    // ---- requests -------------------------------------------------------------------------------------------------------

    private void Ask(JsonElement id, string method, JsonElement? parameters)
    {
        switch (method)
        {
            case "initialize" when !_isInitialized:
                _positions = TextPositions.Negotiate(Read(parameters, LspJson.Default.InitializeParams).Capabilities?.General?.PositionEncodings);
                _isInitialized = true;
                Answer(id, new InitializeResult(ServerAnswers.Capabilities(_positions.Encoding), new("tx", typeof(LanguageServer).Assembly.GetName().Version!.ToString(3))), LspJson.Default.ResultMessageInitializeResult);
                return;
            case var _ when !_isInitialized: Fail(id, NotInitialized, "`initialize` comes first"); return;
            case var _ when _isShutDown: Fail(id, InvalidRequest, "the server is shut down"); return;
            case "initialize": Fail(id, InvalidRequest, "`initialize` comes once"); return;
            case "shutdown":
                _isShutDown = true;
                Answer(id, null, LspJson.Default.ResultMessageString);
                return;
            case "textDocument/completion": At(id, parameters, LspJson.Default.ResultMessageCompletionList, (q, offset) => _answers.Completion(q, offset)); return;
            case "textDocument/hover": At(id, parameters, LspJson.Default.ResultMessageHover, (q, offset) => _answers.Hover(q, offset)); return;
            case "textDocument/signatureHelp": At(id, parameters, LspJson.Default.ResultMessageSignatureHelp, (q, offset) => _answers.Signature(q, offset)); return;
            case "textDocument/definition": At(id, parameters, LspJson.Default.ResultMessageLocationArray, (q, offset) => _answers.Definition(q, offset)); return;
            case "textDocument/documentSymbol": Of(id, parameters, LspJson.Default.ResultMessageLspSymbolArray, _answers.Symbols); return;
            case "textDocument/semanticTokens/full": Of(id, parameters, LspJson.Default.ResultMessageSemanticTokens, _answers.Tokens); return;
            case "textDocument/codeLens": Of(id, parameters, LspJson.Default.ResultMessageCodeLensArray, _answers.Lenses); return;
            case "textDocument/formatting": Of(id, parameters, LspJson.Default.ResultMessageTextEditArray, ServerAnswers.Format); return;
            case "textDocument/inlayHint": Over(id, parameters, LspJson.Default.ResultMessageLspHintArray, _answers.Hints); return;
            case "textDocument/codeAction": Over(id, parameters, LspJson.Default.ResultMessageCodeActionArray, _answers.Actions); return;
            default: Fail(id, MethodNotFound, $"there is no method `{method}`"); return;
        }
    }

    private void At<T>(JsonElement id, JsonElement? parameters, JsonTypeInfo<ResultMessage<T>> type, Func<ServerQuestion, int, T?> answer) where T : class
    {
        var p = Read(parameters, LspJson.Default.PositionParams);
        Enqueue(id, p.TextDocument.Uri, type, q => answer(q, q.Positions.OffsetAt(q.Document.Text, p.Position)));
    }

    private void Of<T>(JsonElement id, JsonElement? parameters, JsonTypeInfo<ResultMessage<T>> type, Func<ServerQuestion, T?> answer) where T : class =>
        Enqueue(id, Read(parameters, LspJson.Default.DocumentParams).TextDocument.Uri, type, answer);

    private void Over<T>(JsonElement id, JsonElement? parameters, JsonTypeInfo<ResultMessage<T>> type, Func<ServerQuestion, TextSpan, T?> answer) where T : class
    {
        var p = Read(parameters, LspJson.Default.RangeParams);
        Enqueue(id, p.TextDocument.Uri, type, q => answer(q, TextSpan.FromBounds(q.Positions.OffsetAt(q.Document.Text, p.Range.Start), q.Positions.OffsetAt(q.Document.Text, p.Range.End))));
    }

    private void Enqueue<T>(JsonElement id, string uri, JsonTypeInfo<ResultMessage<T>> type, Func<ServerQuestion, T?> answer) where T : class
    {
        string path = PathOf(uri);
        var workspace = _workspace;
        if (workspace.Find(path) is not { } document)
        {
            Fail(id, InvalidParams, $"`{uri}` is not open");
            return;
        }
        id = id.Clone();
        _queue.Add(new(id.GetRawText(), path, cancellation =>
        {
            try { Answer(id, answer(new(workspace, document, _positions, cancellation)), type); }
            catch (Exception e) when (e is not OperationCanceledException) { Fault(e, () => Fail(id, InternalError, e.Message)); }
        }, isStale => Fail(id, isStale ? ContentModified : RequestCancelled, isStale ? "the document has changed" : "cancelled")));
    }

    // ---- notifications --------------------------------------------------------------------------------------------------

    private void Notify(string method, JsonElement? parameters)
    {
        switch (method)
        {
            case "textDocument/didOpen":
                var opened = Read(parameters, LspJson.Default.OpenParams).TextDocument;
                string path = PathOf(opened.Uri);
                lock (_uris) _uris[path] = opened.Uri;
                Change(DocumentSnapshot.Of(path, opened.Text, opened.Version));
                break;
            case "textDocument/didChange":
                var change = Read(parameters, LspJson.Default.ChangeParams);
                if (_workspace.Find(PathOf(change.TextDocument.Uri)) is not { } document) return;
                foreach (var c in change.ContentChanges)
                {
                    var span = c.Range is { } r ? TextSpan.FromBounds(_positions.OffsetAt(document.Text, r.Start), _positions.OffsetAt(document.Text, r.End)) : new(0, document.Text.Text.Length);
                    document = document.Replace(span, c.Text, change.TextDocument.Version ?? document.Version + 1);
                }
                Change(document);
                break;
            case "textDocument/didClose":
                string closed = PathOf(Read(parameters, LspJson.Default.CloseParams).TextDocument.Uri);
                _workspace = _workspace.Without(closed);
                _queue.Changed(closed, isEdit: true);
                break;
            case "$/cancelRequest":
                _queue.Cancel(Read(parameters, LspJson.Default.CancelParams).Id.GetRawText());
                break;
        }
    }

    private void Change(DocumentSnapshot document)
    {
        _workspace = _workspace.With(document);
        // Those that import it may change with it; the one that is written comes first.
        foreach (string other in _workspace.Documents.Keys)
            if (other != document.Path) _queue.Changed(other, isEdit: false);
        _queue.Changed(document.Path, isEdit: true);
    }

    /// <summary>Tells the client what is wrong with a document: first its declarations, then its statements too.</summary>
    private void Publish(string path, CancellationToken cancellation)
    {
        var workspace = _workspace;
        if (workspace.Find(path) is not { } document)
        {
            _service.Forget(path);
            Send(path, 0, []);
            return;
        }
        try
        {
            var declarations = _service.Diagnose(workspace, path, cancellation);
            Send(path, document.Version, _answers.Diagnostics(document, _positions, declarations));
            var statements = _service.DiagnoseStatements(workspace, path, cancellation);
            if (!statements.IsEmpty) Send(path, document.Version, _answers.Diagnostics(document, _positions, [.. declarations, .. statements.Where(s => !declarations.Any(d => d.Code == s.Code && d.Span == s.Span))]));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Fault(e, () => { });
        }
    }

    private void Send(string path, int version, LspDiagnostic[] diagnostics) =>
        _stream.Write(new NotificationMessage<PublishParams>("2.0", "textDocument/publishDiagnostics", new(UriOf(path), version, diagnostics)), LspJson.Default.NotificationMessagePublishParams);

    // ---- plumbing -------------------------------------------------------------------------------------------------------

    private static T Read<T>(JsonElement? parameters, JsonTypeInfo<T> type) where T : class =>
        (parameters is { ValueKind: JsonValueKind.Object } p ? p.Deserialize(type) : null) ?? throw new JsonException("the parameters are no object");

    private void Answer<T>(JsonElement id, T? result, JsonTypeInfo<ResultMessage<T>> type) where T : class => _stream.Write(new("2.0", id, result), type);

    private void Fail(JsonElement? id, int code, string message) => _stream.Write(new ErrorMessage("2.0", id, new(code, message)), LspJson.Default.ErrorMessage);

    /// <summary>A defect, or a program too deep for the stack: the server goes on.</summary>
    private void Fault(Exception e, Action report)
    {
        _log.WriteLine($"tx lsp: {e}");
        report();
    }

    private static string PathOf(string uri) => Uri.TryCreate(uri, UriKind.Absolute, out var u) && u.IsFile ? Path.GetFullPath(u.LocalPath) : $"<{uri}>";

    private string UriOf(string path)
    {
        lock (_uris)
            if (_uris.TryGetValue(path, out string? known)) return known;
        return path.StartsWith('<') ? path[1..^1] : new Uri(path).AbsoluteUri;
    }

    public void Dispose()
    {
        // A proof that still runs must keep what it uses; the process ends with it.
        if (!_isIdle) return;
        _queue.Dispose();
        _service.Dispose();
    }
}
