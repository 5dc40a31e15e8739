using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Point = System.Collections.Immutable.ImmutableDictionary<Tx.Lang.Program.IndexSymbol, long>;

namespace Tx.Lang.Semantics;

/// <summary>The values that an integer term may have, where they are few: one of 8 bits has at most 256, and a table that is computed before often fewer. What an interval does not know of parts of a
/// number is known here: of <c>a + 16 * b</c> with a and b in 0..4, <c>x &amp; 15</c> is at most 4.</summary>
/// <param name="definitions">What the elements of a tensor are; null where that is not known, or changed later.</param>
internal sealed class FewValues(Func<TensorSymbol, IEnumerable<Term>?> definitions)
{
    private const int Most = 256, MostPairs = 1 << 13;

    private readonly Dictionary<TensorSymbol, ImmutableHashSet<long>?> _tensors = [];

    /// <summary>A set that holds all values of a term at a point of some of its indices; null: there may be more than a few.</summary>
    public ImmutableHashSet<long>? Of(Term term, Point point)
    {
        if (!term.Type.IsInteger || term.Type is ElementType.U64) return null;
        return Known(term, point) ?? All(term.Type);
    }

    private static ImmutableHashSet<long>? All(ElementType type) => type.Bits <= 8 ? Range((long)type.MinValue, (long)type.MaxValue + 1) : null;

    private ImmutableHashSet<long>? Known(Term term, Point point) => term switch
    {
        ConstTerm c => [c.Value.Integer],
        IndexTerm i when point.TryGetValue(i.Index, out long value) => [value],
        IndexTerm { Index: { Start: ConstTerm start, End: ConstTerm end } } => Range(start.Value.Integer, end.Value.Integer),
        CastTerm { Kind: CastKind.Convert, Operand: var x } => Map(Of(x, point), v => ScalarMath.Cast(CastKind.Convert, term.Type, Scalar.Of(x.Type, v))),
        SelectTerm { Condition: BinaryTerm { Op.IsComparison: true, Left: IndexTerm i, Right: ConstTerm { Value.Integer: var bound } } c } s when point.TryGetValue(i.Index, out long value) =>
            Of(Terms.Compare(c.Op, value.CompareTo(bound)) ? s.Then : s.Else, point),
        SelectTerm s => Both(Of(s.Then, point), Of(s.Else, point)),
        BinaryTerm { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor or BinaryOp.Shl or BinaryOp.Shr } b =>
            Of(b.Left, point) is { } left && Of(b.Right, point) is { } right && left.Count * right.Count <= MostPairs
                ? Few(from x in left from y in right select ScalarMath.Apply(b.Op, Scalar.Of(b.Left.Type, x), Scalar.Of(b.Right.Type, y)).Integer) : null,
        IntrinsicTerm { Function: Intrinsic.Popcount, Arguments: [var x] } => Map(Of(x, point), v => ScalarMath.Apply(Intrinsic.Popcount, [Scalar.Of(x.Type, v)])),
        ReadTerm r => r.Default is null ? OfTensor(r.Tensor) : Both(OfTensor(r.Tensor) ?? All(r.Type), Of(r.Default, point)),
        _ => null,
    };

    private ImmutableHashSet<long>? OfTensor(TensorSymbol tensor)
    {
        if (_tensors.TryGetValue(tensor, out var known)) return known;
        // A tensor that needs itself may be anything.
        _tensors[tensor] = null;
        ImmutableHashSet<long>? all = [];
        foreach (var value in definitions(tensor) ?? []) all = Both(all, Of(value, Point.Empty));
        return _tensors[tensor] = all is { IsEmpty: true } ? null : all;
    }

    private static ImmutableHashSet<long>? Map(ImmutableHashSet<long>? values, Func<long, Scalar> map) => values is null ? null : Few(values.Select(v => map(v).Integer));

    private static ImmutableHashSet<long>? Both(ImmutableHashSet<long>? a, ImmutableHashSet<long>? b) => a is null || b is null ? null : Few(a.Union(b));

    private static ImmutableHashSet<long>? Few(IEnumerable<long> values) => values.ToImmutableHashSet() is { Count: <= Most } few ? few : null;

    private static ImmutableHashSet<long>? Range(long start, long end) => end - start is > 0 and <= Most and var count ? [.. Enumerable.Range(0, (int)count).Select(n => start + n)] : null;
}
