using System.Text.Encodings.Web;
using System.Text.Json;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Build;

/// <summary>A library in JSON, as it says of itself.</summary>
internal static class Manifest
{
    public static string Of(LibraryModel library)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new() { Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartObject();
            json.WriteNumber("interface", 1);
            json.WriteString("name", library.Name);
            json.WriteString("prefix", library.Prefix);
            json.WriteStartArray("targets");
            foreach (var t in library.Targets) json.WriteStringValue(t.Name);
            json.WriteEndArray();
            json.WriteStartArray("entries");
            foreach (var e in library.Entries) Write(json, e);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, LibraryEntryModel e)
    {
        json.WriteStartObject();
        json.WriteString("symbol", e.Symbol);
        json.WriteString("arena", e.Symbol + "_arena");
        json.WriteString("operator", e.Operator.Name);
        if (e.ArenaBytes is { } bytes) json.WriteNumber("arenaBytes", bytes);
        json.WriteStartArray("parameters");
        for (int i = 0; i < e.Parameters.Length; i++)
        {
            var p = e.Parameters[i];
            json.WriteStartObject();
            json.WriteString("name", p.Name);
            json.WriteString("type", p.Type.Name);
            json.WriteNumber("dtype", (int)p.Type);
            json.WriteBoolean("output", p.IsOutput);
            json.WriteNumber("alignment", p.Alignment);
            json.WriteStartArray("shape");
            for (int d = 0; d < p.Shape.Length; d++)
                // A number, or how it follows from the dimensions.
                if (p.Shape[d] is { } known) json.WriteNumberValue(known);
                else json.WriteStringValue(Terms.Print(e.Tensors[i].Shape[d]));
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("dimensions");
        foreach (var d in e.Symbolic?.Dims ?? [])
        {
            json.WriteStartObject();
            json.WriteString("name", d.Name);
            json.WriteNumber("parameter", d.Parameter);
            json.WriteNumber("dimension", d.Dimension);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
