using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Polyglot;

/// <summary>A command that came in, with what every event for it must repeat.</summary>
/// <param name="Token">Its identity; commands that come from one share what stands before the first point.</param>
/// <param name="Body">The command itself.</param>
/// <param name="RoutingSlip">Whom it has passed, as the sender wrote it.</param>
internal sealed record HostCommand(string Token, string Type, JsonElement Body, IReadOnlyList<string> RoutingSlip, JsonElement Envelope)
{
    public string RootToken => Token.Split('.', 2)[0];

    /// <summary>Reads a line; null where it is no command: an event, which concerns no one here.</summary>
    /// <exception cref="JsonException">The line is no envelope.</exception>
    /// <exception cref="InvalidOperationException">A text in it is none.</exception>
    public static HostCommand? Parse(string line)
    {
        var root = JsonElement.Parse(line);
        if (root.ValueKind is not JsonValueKind.Object) throw new JsonException("the line is no object");
        // A text may hold half a letter, which no event could repeat.
        _ = Json.Bytes(JsonNode.Parse(line)!);
        if (Json.Member(root, "eventType") is not null) return null;
        if (Json.Text(root, "commandType") is not { Length: > 0 } type) throw new JsonException("the line has neither `commandType` nor `eventType`");
        var slip = Json.Member(root, "routingSlip") is { ValueKind: JsonValueKind.Array } entries ? entries.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.String).Select(e => e.GetString()!).ToArray() : [];
        return new(Json.Text(root, "token") ?? Guid.NewGuid().ToString("N"), type, Json.Member(root, "command") ?? JsonElement.Parse("{}"), slip, root);
    }

    /// <summary>The envelope as events repeat it: the same, with the stamps of this host behind those that it came with.</summary>
    /// <param name="host">The address of this host.</param>
    /// <param name="isOver">The command is done here.</param>
    public JsonObject Echo(string host, bool isOver)
    {
        var slip = new List<string>(RoutingSlip);
        foreach (string stamp in isOver ? (string[])[host + "?tag=arrived", host] : [host + "?tag=arrived"])
            if (!slip.Contains(stamp)) slip.Add(stamp);
        var echo = new JsonObject { ["token"] = Token };
        if (Json.Text(Envelope, "id") is { } id) echo["id"] = id;
        echo["commandType"] = Type;
        var body = JsonNode.Parse(Body.GetRawText())!;
        if (body is JsonObject members)
            foreach (string name in (string[])["targetKernelName", "originUri", "destinationUri"]) members.TryAdd(name, null);
        echo["command"] = body;
        echo["routingSlip"] = new JsonArray([.. slip.Select(s => JsonValue.Create(s))]);
        return echo;
    }

    public string Text(string name) => Json.Text(Body, name) ?? throw new CommandException($"`{Type}` needs `{name}`, a text");
}

/// <summary>A command that fails: its message is for whoever sent it.</summary>
internal sealed class CommandException(string message) : Exception(message);
