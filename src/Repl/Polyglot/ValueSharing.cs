using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Core;
using Tx.Repl.Notebook;
using Tx.Runtime;

namespace Tx.Repl.Polyglot;

/// <summary>Values of a session as JSON, and back.</summary>
internal static class ValueSharing
{
    public const string JsonType = "application/json";
    /// <summary>A tensor with more elements is not written as text.</summary>
    public const long MaxElements = 4 << 20;

    /// <exception cref="CommandException">The value has no JSON.</exception>
    public static string ToJson(Value value) => System.Text.Encoding.UTF8.GetString(Json.Bytes(Node(value)));

    private static JsonNode Node(Value value) => value switch
    {
        ScalarValue { Scalar: { } s } => Number(s),
        StringValue s => JsonValue.Create(s.Text),
        ListValue l => new JsonArray([.. l.Items.Select(Node)]),
        TupleValue t => new JsonArray([.. t.Items.Select(Node)]),
        TensorValue { Data: { } data } when data.Count > MaxElements => throw new CommandException($"a tensor of {data.Count} elements is not shared as JSON; the limit is {MaxElements}"),
        TensorValue { Data: { } data } => Rows(data, 0, 0, data.Count),
        _ => throw new CommandException($"{value.Describe()} has no form as JSON"),
    };

    private static JsonNode Rows(NativeTensor data, int dimension, long start, long count)
    {
        if (dimension == data.Rank) return Number(data[start]);
        var rows = new JsonArray();
        long step = data.Shape[dimension] == 0 ? 0 : count / data.Shape[dimension];
        for (long i = 0; i < data.Shape[dimension]; i++) rows.Add(Rows(data, dimension + 1, start + i * step, step));
        return rows;
    }

    private static JsonNode Number(Scalar s)
    {
        if (s.Type is ElementType.Bool) return JsonValue.Create(s.IsTrue);
        if (!s.Type.IsFloat) return s.Type is ElementType.U64 ? JsonValue.Create(unchecked((ulong)s.Integer)) : JsonValue.Create(s.Integer);
        // Named as .NET Interactive's serialiser names them.
        return double.IsNaN(s.Real) ? JsonValue.Create("NaN") : double.IsInfinity(s.Real) ? JsonValue.Create(s.Real > 0 ? "Infinity" : "-Infinity")
            : s.Type is ElementType.F64 ? JsonValue.Create(s.Real) : JsonValue.Create((float)s.Real);
    }

    /// <summary>The value of what another kernel sends. Arrays become tensors of <c>f32</c>, of <c>i32</c> (<c>i64</c> where that is too small), or of <c>bool</c>, as a list written in tx does.</summary>
    /// <exception cref="CommandException">It is nothing that tx has.</exception>
    public static Value FromFormatted(string name, string mimeType, string text, TensorAllocator memory)
    {
        if (mimeType != JsonType) return mimeType.StartsWith("text/", StringComparison.Ordinal) ? new StringValue(text) : throw Refused(name, $"it comes as `{mimeType}`");
        JsonElement element;
        try { element = JsonElement.Parse(text); }
        catch (JsonException) { throw Refused(name, "its JSON cannot be read"); }
        return element.ValueKind switch
        {
            JsonValueKind.Array => Tensor(name, element, memory),
            JsonValueKind.String => new StringValue(element.GetString()!),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => ScalarValue.Of(Scalar(element)),
            JsonValueKind.Null => throw Refused(name, "it is null"),
            _ => throw Refused(name, "it is an object"),
        };
    }

    private static Scalar Scalar(JsonElement e) => e.ValueKind is JsonValueKind.True or JsonValueKind.False ? Core.Scalar.Bool(e.ValueKind is JsonValueKind.True)
        : IsInteger(e, out long n) ? Core.Scalar.Index(n) : Core.Scalar.Of(ElementType.F64, Real(e)!.Value);

    private static bool IsInteger(JsonElement e, out long value)
    {
        value = 0;
        return e.ValueKind is JsonValueKind.Number && e.GetRawText().AsSpan().IndexOfAny(".eE") < 0 && e.TryGetInt64(out value);
    }

    private static double? Real(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.Number => double.Parse(e.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture),
        JsonValueKind.String => e.GetString() switch { "NaN" => double.NaN, "Infinity" => double.PositiveInfinity, "-Infinity" => double.NegativeInfinity, _ => null },
        _ => null,
    };

    private static TensorValue Tensor(string name, JsonElement array, TensorAllocator memory)
    {
        var shape = new List<long>();
        for (var at = array; at.ValueKind is JsonValueKind.Array; at = at[0])
        {
            shape.Add(at.GetArrayLength());
            if (shape[^1] == 0) break;
        }
        var items = new List<JsonElement>();
        Collect(array, 0);
        var type = items.Count > 0 && items.All(e => e.ValueKind is JsonValueKind.True or JsonValueKind.False) ? ElementType.Bool
            : !items.TrueForAll(e => IsInteger(e, out _)) ? ElementType.F32
            : items.TrueForAll(e => IsInteger(e, out long n) && n is >= int.MinValue and <= int.MaxValue) ? ElementType.I32 : ElementType.I64;
        if (type is ElementType.F32 && items.Any(e => Real(e) is null)) throw Refused(name, "its items are no numbers");
        if (items.Count == 0) type = ElementType.F32;
        var tensor = memory.Allocate(type, [.. shape]);
        for (int i = 0; i < items.Count; i++)
            tensor[i] = type switch
            {
                ElementType.Bool => Core.Scalar.Bool(items[i].ValueKind is JsonValueKind.True),
                ElementType.F32 => Core.Scalar.Of(type, Real(items[i])!.Value),
                _ => Core.Scalar.Of(type, items[i].GetInt64()),
            };
        return new(type, [.. shape], tensor);

        void Collect(JsonElement e, int depth)
        {
            if (e.ValueKind is JsonValueKind.Array && depth < shape.Count && e.GetArrayLength() == shape[depth])
                foreach (var item in e.EnumerateArray()) Collect(item, depth + 1);
            else if (e.ValueKind is not JsonValueKind.Array && depth == shape.Count) items.Add(e);
            else throw Refused(name, "its rows have different lengths");
        }
    }

    private static CommandException Refused(string name, string why) => new(DiagnosticRenderer.Render([Diagnostic.Create(NotebookDiagnostics.ValueNotShared, null, name, why)]).TrimEnd('\n'));
}
