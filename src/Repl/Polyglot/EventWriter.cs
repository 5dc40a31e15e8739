using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tx.Core;
using Tx.Display;
using Tx.Repl.Notebook;

namespace Tx.Repl.Polyglot;

/// <summary>Writes events, one JSON object a line, in the shapes of .NET Interactive's contract. Safe for several threads.</summary>
/// <param name="host">The address of this host: <c>kernel://name/</c>.</param>
/// <param name="write">Takes whole lines.</param>
internal sealed class EventWriter(string host, Action<byte[]> write)
{
    private readonly Lock _gate = new();

    public string Host => host;

    /// <param name="command">The command that it belongs to; null for none.</param>
    public void Emit(string type, HostCommand? command, JsonObject content, bool isOver = false)
    {
        var envelope = new JsonObject { ["event"] = content, ["eventType"] = type, ["command"] = command?.Echo(host, isOver), ["routingSlip"] = new JsonArray(host) };
        byte[] line = [.. Json.Bytes(envelope), (byte)'\n'];
        lock (_gate) write(line);
    }

    public void Succeed(HostCommand command, int order) => Emit("CommandSucceeded", command, new() { ["executionOrder"] = order }, isOver: true);
    public void Fail(HostCommand command, int order, string message) => Emit("CommandFailed", command, new() { ["message"] = message, ["executionOrder"] = order }, isOver: true);

    /// <summary>An event with a value in its forms.</summary>
    public void EmitValue(string type, HostCommand? command, IEnumerable<JsonObject> forms, string? valueId = null) =>
        Emit(type, command, new() { ["formattedValues"] = new JsonArray([.. forms]), ["valueId"] = valueId });

    public static JsonObject Formatted(string mimeType, string value) => new() { ["mimeType"] = mimeType, ["value"] = value, ["suppressDisplay"] = false };

    public static IEnumerable<JsonObject> Forms(DisplayBundle bundle) => bundle.Data.Select(d => Formatted(d.Key, d.Value));

    // ---- places -----------------------------------------------------------------------------------------------------------

    public static JsonObject Position(SourceText text, int offset)
    {
        var at = text.PositionAt(offset);
        return new() { ["line"] = at.Line - 1, ["character"] = at.Column - 1 };
    }

    public static JsonObject Span(SourceText text, TextSpan span) => new() { ["start"] = Position(text, span.Start), ["end"] = Position(text, span.End) };

    public void EmitDiagnostics(HostCommand command, SourceText cell, ImmutableArray<Diagnostic> found)
    {
        var items = new JsonArray();
        var formatted = new JsonArray();
        foreach (var d in found)
        {
            var span = d.Span is { } s && s.Source.Text == cell.Text ? s.Span : default;
            string severity = d.Severity switch { Severity.Error => "error", Severity.Warning => "warning", Severity.Note => "info" };
            items.Add(new JsonObject { ["linePositionSpan"] = Span(cell, span), ["severity"] = severity, ["code"] = d.Code, ["message"] = d.Help is null ? d.Message : $"{d.Message}\nhelp: {d.Help}" });
            formatted.Add(Formatted(DisplayBundle.PlainType, DiagnosticRenderer.Render([d]).TrimEnd('\n')));
        }
        Emit("DiagnosticsProduced", command, new() { ["diagnostics"] = items, ["formattedDiagnostics"] = formatted });
    }
}
