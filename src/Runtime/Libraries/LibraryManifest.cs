using System.Collections.Immutable;
using System.Text.Json;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>An entry point as its library describes it.</summary>
internal sealed record LibraryEntry(string Symbol, string ArenaSymbol, string Operator, ImmutableArray<KernelParameter> Parameters);

/// <summary>What a library says of itself in JSON.</summary>
internal sealed record LibraryManifest(string Prefix, ImmutableArray<string> Targets, ImmutableArray<LibraryEntry> Entries)
{
    private const int Interface = 1;

    /// <exception cref="FormatException">It says something else.</exception>
    public static LibraryManifest Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            int version = root.GetProperty("interface").GetInt32();
            if (version != Interface) throw new FormatException($"it has the interface {version}, and this version of tx calls {Interface}");
            return new(Text(root, "prefix"), [.. root.GetProperty("targets").EnumerateArray().Select(t => t.GetString()!)], [.. root.GetProperty("entries").EnumerateArray().Select(Entry)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static LibraryEntry Entry(JsonElement e) => new(Text(e, "symbol"), Text(e, "arena"), Text(e, "operator"), [.. e.GetProperty("parameters").EnumerateArray().Select(Parameter)]);

    private static KernelParameter Parameter(JsonElement p) => new(
        Text(p, "name"), ElementTypes.TryParse(Text(p, "type"), out var type) ? type : throw new FormatException($"`{Text(p, "type")}` is no element type"),
        // What is no number follows from the sizes of a call, which the library checks.
        [.. p.GetProperty("shape").EnumerateArray().Select(n => n.ValueKind is JsonValueKind.Number ? n.GetInt64() : (long?)null)], p.GetProperty("output").GetBoolean());

    private static string Text(JsonElement e, string name) => e.GetProperty(name).GetString() ?? throw new FormatException($"`{name}` is null");
}
