using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tx.Repl.Notebook;

/// <summary>What is read from messages that others wrote, and how ours are written.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options)) node.WriteTo(writer);
        return stream.ToArray();
    }

    public static JsonElement? Member(JsonElement owner, string name) => owner.ValueKind is JsonValueKind.Object && owner.TryGetProperty(name, out var value) ? value : null;

    /// <summary>The text of a member; null where it is something else.</summary>
    public static string? Text(JsonElement owner, string name) => Member(owner, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool Flag(JsonElement owner, string name, bool otherwise) => Member(owner, name)?.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => otherwise };

    public static int? Number(JsonElement owner, string name) => Member(owner, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : null;
}
