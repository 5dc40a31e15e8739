using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Core;
using Tx.Display;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>Carries out <c>execute_request</c>s. <see cref="Interrupt"/> and <see cref="Stream"/> may be called from any thread, the rest from one.</summary>
internal sealed class CellRunner(CellSession session, NativeCapture capture, Publisher publisher) : ICellSink
{
    private const string ClearOutput = "%clear_output";

    private readonly Lock _gate = new();
    private CancellationTokenSource? _running;
    // Output that comes when no cell runs belongs to the last one.
    private volatile byte[]? _parent;
    private volatile bool _isSilent;
    private string? _lastResult;

    /// <summary>The number of the last cell that counts.</summary>
    public int Count { get; private set; }
    public CellHistory History { get; } = new();

    /// <summary>Cancels the cell that runs.</summary>
    /// <returns>Whether one runs.</returns>
    public bool Interrupt()
    {
        lock (_gate)
        {
            _running?.Cancel();
            return _running is not null;
        }
    }

    public void Stream(bool isError, string text)
    {
        if (!_isSilent) publisher.Stream(isError, text, _parent);
    }

    /// <param name="stops">The cell failed, and those that wait are to be given up.</param>
    public JsonObject Execute(WireMessage message, out bool stops)
    {
        var request = message.Content;
        string code = Json.Text(request, "code") ?? "";
        (_parent, _isSilent) = (message.Header, Json.Flag(request, "silent", false));
        bool isKept = !_isSilent && Json.Flag(request, "store_history", true);
        if (isKept) Count++;
        int number = Count;
        if (!_isSilent) publisher.Publish("execute_input", _parent, new() { ["code"] = code, ["execution_count"] = number });

        using var cancellation = new CancellationTokenSource();
        lock (_gate) _running = cancellation;
        _lastResult = null;
        var payload = new JsonArray();
        var expressions = new JsonObject();
        CellOutcome outcome;
        try
        {
            // A client that cannot be asked for input has nobody in front of it who would watch.
            using var progress = !_isSilent && Json.Flag(request, "allow_stdin", true) ? new CellProgress((bundle, id, isUpdate) => publisher.Display(bundle, message.Header, id, isUpdate)) : null;
            session.Started = progress is null ? null : progress.Started;
            outcome = Run(code, number, payload, cancellation.Token);
            if (outcome.IsDone && Json.Member(request, "user_expressions") is { ValueKind: JsonValueKind.Object } asked)
                foreach (var expression in asked.EnumerateObject()) expressions[expression.Name] = Evaluate(expression.Value, cancellation.Token);
            capture.Flush();
        }
        finally
        {
            session.Started = null;
            lock (_gate) _running = null;
        }
        if (session.Shell.IsOver) payload.Add(new JsonObject { ["source"] = "ask_exit", ["keepkernel"] = false });
        if (isKept) History.Add(number, code, _lastResult);

        stops = !outcome.IsDone && Json.Flag(request, "stop_on_error", true) && !_isSilent;
        if (outcome.IsDone) return new() { ["status"] = "ok", ["execution_count"] = number, ["payload"] = payload, ["user_expressions"] = expressions };
        if (!_isSilent) publisher.Publish("error", _parent, Publisher.Error(outcome.Errors));
        var reply = Publisher.Error(outcome.Errors);
        reply["status"] = "error";
        reply["execution_count"] = number;
        reply["payload"] = payload;
        reply["user_expressions"] = expressions;
        return reply;
    }

    private CellOutcome Run(string code, int number, JsonArray payload, CancellationToken cancellation)
    {
        string first = code.Split('\n', 2)[0].Trim();
        if (first == ClearOutput || first == ClearOutput + " wait")
        {
            capture.Flush();
            if (!_isSilent) publisher.Publish("clear_output", _parent, new() { ["wait"] = first.EndsWith("wait", StringComparison.Ordinal) });
            // The lines keep their numbers.
            code = code[code.IndexOf(first, StringComparison.Ordinal)..][first.Length..];
        }
        if (PageQuestion.NameIn(code) is { } name)
        {
            payload.Add(PageQuestion.Page(name, session.Shell.Inspect(name, 0)?.Markdown));
            return new(true, []);
        }
        return string.IsNullOrWhiteSpace(code) ? new(true, []) : session.Run(code, CellSession.Label(number), this, cancellation);
    }

    private JsonObject Evaluate(JsonElement expression, CancellationToken cancellation)
    {
        var (value, outcome) = session.Evaluate(expression.ValueKind is JsonValueKind.String ? expression.GetString()! : "", cancellation);
        if (outcome.IsDone) return new() { ["status"] = "ok", ["data"] = value is null ? [] : Publisher.Data(value), ["metadata"] = new JsonObject() };
        var error = Publisher.Error(outcome.Errors);
        error["status"] = "error";
        return error;
    }

    void ICellSink.Display(DisplayBundle bundle)
    {
        if (!_isSilent) publisher.Display(bundle, _parent);
    }

    void ICellSink.Result(DisplayBundle bundle)
    {
        _lastResult = bundle.Plain;
        if (!_isSilent) publisher.Result(bundle, Count, _parent);
    }
}
