using Tx.Runtime;

namespace Tx;

/// <summary>Values as text, the same at the prompt and in <c>print</c>.</summary>
public static class ValuePrinter
{
    public static string Print(Value value) => value switch
    {
        TensorValue { Data: { } data } => TensorPrinter.Print(data),
        ScalarValue { Scalar: { } s } => s.ToString(),
        StringValue s => s.Text,
        ListValue l => $"[{string.Join(", ", l.Items.Select(Print))}]",
        TupleValue t => $"({string.Join(",\n ", t.Items.Select(Print))})",
        NothingValue => "",
        _ => value.Describe(),
    };
}
