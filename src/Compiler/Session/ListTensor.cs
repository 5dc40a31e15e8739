using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Runtime;

namespace Tx;

/// <summary>A nested list of numbers on its way to a tensor.</summary>
/// <param name="Type">That of its items that are no literals; null where all are, and the list takes the type that it meets.</param>
/// <param name="Items">Row-major.</param>
internal sealed record ListTensor(ImmutableArray<long> Shape, ElementType? Type, ImmutableArray<ScalarValue> Items, SourceSpan Span)
{
    /// <exception cref="DiagnosticException">Rows of different lengths, items that are no numbers, or items of two types.</exception>
    public static ListTensor Of(ListValue list, SourceSpan span)
    {
        var shape = ImmutableArray.CreateBuilder<long>();
        for (Value v = list; v is ListValue l; v = l.Items.IsEmpty ? new UnknownValue() : l.Items[0]) shape.Add(l.Items.Length);
        var items = ImmutableArray.CreateBuilder<ScalarValue>();
        Collect(list, 0);
        ElementType? type = null;
        foreach (var item in items)
        {
            if (IsLiteral(item)) continue;
            if (type is { } first && first != item.Type) throw new DiagnosticException(SessionDiagnostics.ListTypes, span, first.Name, item.Type.Name);
            type = item.Type;
        }
        if (type is ElementType.Bool && items.FirstOrDefault(IsLiteral) is { } number)
            throw new DiagnosticException(SessionDiagnostics.ListTypes, span, ElementType.Bool.Name, number.Type.Name);
        return new(shape.ToImmutable(), type, items.ToImmutable(), span);

        void Collect(Value v, int depth)
        {
            if (v is ListValue l && depth < shape.Count && l.Items.Length == shape[depth])
                foreach (var item in l.Items) Collect(item, depth + 1);
            else if (v is ScalarValue s && depth == shape.Count) items.Add(s);
            else throw new DiagnosticException(SessionDiagnostics.ListShape, span);
        }
    }

    /// <summary>All values are known; false only while a program is checked.</summary>
    public bool IsKnown => Items.All(i => i.Scalar is not null);

    /// <summary>A literal among the items is a float.</summary>
    public bool IsFloat => Items.Any(i => i.Type.IsFloat);

    /// <summary>The type that it has where it meets none.</summary>
    public ElementType UsualType => Type ?? (IsFloat ? ElementType.F32 : ElementType.I32);

    /// <summary>The list as a tensor of a type; without data where a value is not known.</summary>
    /// <exception cref="DiagnosticException">The list has another type, or an item does not fit.</exception>
    public TensorValue In(ElementType type, TensorAllocator allocator)
    {
        if (Type is { } own && own != type) throw new DiagnosticException(SemanticDiagnostics.TypeMismatch, Span, own.Name, type.Name);
        ImmutableArray<Scalar?> values = [.. Items.Select(i => Fit(i, type))];
        if (!IsKnown) return new(type, Shape, null);
        var tensor = allocator.Allocate(type, Shape.AsSpan());
        for (int i = 0; i < values.Length; i++) tensor[i] = values[i]!.Value;
        return new(type, Shape, tensor);
    }

    private Scalar? Fit(ScalarValue item, ElementType type)
    {
        bool fits = item.Type is ElementType.Bool == type is ElementType.Bool && (type.IsFloat || !item.Type.IsFloat)
            && (type.IsFloat || item.Scalar is not { } n || n.Exact >= type.MinValue && n.Exact <= type.MaxValue);
        if (!fits) throw new DiagnosticException(SemanticDiagnostics.LiteralDoesNotFit, Span, item.Scalar?.ToString() ?? item.Describe(), type.Name);
        return item.Scalar is { } s ? ScalarMath.Cast(CastKind.Convert, type, s) : null;
    }

    private static bool IsLiteral(ScalarValue s) => s.Type is ElementType.Int or ElementType.F64 or ElementType.U64;
}
