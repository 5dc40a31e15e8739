using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Tx.Core;
using Tx.Display;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>Publishes what happens to all clients, and answers one. Safe for several threads.</summary>
/// <param name="send">Queues a message.</param>
internal sealed class Publisher(MessageFormat format, Action<Channel, List<byte[]>> send)
{
    public void Reply(Channel channel, WireMessage request, JsonObject content) =>
        send(channel, format.Write(request.Identities, request.Type[..^"request".Length] + "reply", request.Header, content));

    /// <param name="parent">The header of the request that this comes from; null for none.</param>
    public void Publish(string type, byte[]? parent, JsonObject content) => send(Channel.Publish, format.Write([Encoding.UTF8.GetBytes(type)], type, parent, content));

    public void Status(string state, byte[]? parent) => Publish("status", parent, new() { ["execution_state"] = state });

    public void Stream(bool isError, string text, byte[]? parent) => Publish("stream", parent, new() { ["name"] = isError ? "stderr" : "stdout", ["text"] = text });

    public void Display(DisplayBundle bundle, byte[]? parent, string? id = null, bool isUpdate = false) =>
        Publish(isUpdate ? "update_display_data" : "display_data", parent, new() { ["data"] = Data(bundle), ["metadata"] = new JsonObject(), ["transient"] = id is null ? [] : new JsonObject { ["display_id"] = id } });

    public void Result(DisplayBundle bundle, int count, byte[]? parent) =>
        Publish("execute_result", parent, new() { ["execution_count"] = count, ["data"] = Data(bundle), ["metadata"] = new JsonObject() });

    public static JsonObject Data(DisplayBundle bundle)
    {
        var data = new JsonObject();
        foreach (var (type, text) in bundle.Data) data[type] = text;
        return data;
    }

    /// <summary>What is wrong, as a reply and an <c>error</c> message carry it.</summary>
    public static JsonObject Error(ImmutableArray<Diagnostic> errors)
    {
        var lines = new JsonArray();
        foreach (var error in errors)
            foreach (string line in AnsiDiagnostics.Lines(error)) lines.Add(line);
        return errors is [var first, ..]
            ? new() { ["ename"] = first.Code, ["evalue"] = first.Message, ["traceback"] = lines }
            : new() { ["ename"] = "error", ["evalue"] = "the cell failed", ["traceback"] = lines };
    }
}
