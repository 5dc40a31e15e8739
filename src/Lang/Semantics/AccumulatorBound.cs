using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Point = System.Collections.Immutable.ImmutableDictionary<Tx.Lang.Program.IndexSymbol, long>;

namespace Tx.Lang.Semantics;

/// <summary>A sum in at most 16 bits must stay in its type at every size that is admitted.</summary>
internal static class AccumulatorBound
{
    public static void Check(ReduceTerm sum, FewValues few, SizeComparer sizes, DiagnosticBag bag) => Check(sum.Kind.Name, sum.Body, sum.Indices, sum.Span, few, sizes, bag);

    /// <summary>All points of <c>+=</c> may meet one element.</summary>
    public static void CheckUpdate(Equation update, FewValues few, SizeComparer sizes, DiagnosticBag bag) => Check("+=", update.Value, update.Indices, update.Span, few, sizes, bag);

    private static void Check(string name, Term body, ImmutableArray<IndexSymbol> indices, SourceSpan? span, FewValues values, SizeComparer sizes, DiagnosticBag bag)
    {
        // Points of few are added up one by one: a value may depend on its index, as in `u16(x[q]) << 8 * q`.
        var few = Few(body);
        ImmutableArray<IndexSymbol> added = [.. few.Where(indices.Contains)], fixedOnes = [.. few.Where(i => !indices.Contains(i))];
        Int128 high = 0, low = 0, most = 0;
        foreach (var outside in Points(fixedOnes, Point.Empty))
        {
            ImmutableArray<IntegerInterval> ranges = [.. Points(added, outside).Select(p => Range(body, p, values))];
            high = Int128.Max(high, ranges.Aggregate(Int128.Zero, (n, r) => n + Int128.Max(r.High, 0)));
            low = Int128.Min(low, ranges.Aggregate(Int128.Zero, (n, r) => n + Int128.Min(r.Low, 0)));
            most = ranges.Aggregate(most, (n, r) => Int128.Max(n, Int128.Max(r.High, -r.Low)));
        }
        // How many times all of them fit.
        var fitting = Int128.Min(
            high > 0 ? body.Type.MaxValue / high : Int128.MaxValue,
            low < 0 ? body.Type.MinValue / low : Int128.MaxValue);
        if (fitting > long.MaxValue) return;
        AffineForm? count = AffineForm.Of(1);
        foreach (var index in indices.Except(added))
            count = count is null ? null : AffineForm.Multiply(count, AffineForm.Max(AffineForm.Of(index.End) - AffineForm.Of(index.Start), AffineForm.Zero));
        if (count is not null && sizes.AtMost(count, AffineForm.Of((long)fitting)) is Verdict.Proved) return;
        bag.Add(Diagnostic.Create(SemanticDiagnostics.AccumulatorOverflow, span, name, most, body.Type.Name, fitting * added.Aggregate(1L, (n, i) => n * (End(i) - Start(i))) + 1));
    }

    private const int MostPoints = 64;

    private static long Start(IndexSymbol index) => ((ConstTerm)index.Start).Value.Integer;
    private static long End(IndexSymbol index) => ((ConstTerm)index.End).Value.Integer;

    // Indices of few values that the term takes as numbers.
    private static ImmutableArray<IndexSymbol> Few(Term body)
    {
        var few = ImmutableArray.CreateBuilder<IndexSymbol>();
        long points = 1;
        foreach (var index in Numbers(body).Distinct())
            if (index is { Start: ConstTerm, End: ConstTerm } && End(index) - Start(index) is > 0 and var count && count <= MostPoints / points)
            {
                few.Add(index);
                points *= count;
            }
        return few.ToImmutable();
    }

    private static IEnumerable<IndexSymbol> Numbers(Term t) => t switch
    {
        IndexTerm i => [i.Index],
        CastTerm c => Numbers(c.Operand),
        BinaryTerm b => Numbers(b.Left).Concat(Numbers(b.Right)),
        SelectTerm s => Numbers(s.Condition).Concat(Numbers(s.Then)).Concat(Numbers(s.Else)),
        _ => [],
    };

    private static IEnumerable<Point> Points(ImmutableArray<IndexSymbol> indices, Point point) =>
        indices is [var first, .. var rest] ? Enumerable.Range(0, (int)(End(first) - Start(first))).SelectMany(n => Points(rest, point.SetItem(first, Start(first) + n))) : [point];

    /// <summary>An interval that holds the values of an integer term at a point of some of its indices.</summary>
    private static IntegerInterval Range(Term term, Point point, FewValues values)
    {
        if (values.Of(term, point) is { } few) return new(few.Min(), few.Max());
        var whole = IntegerInterval.Of(term.Type);
        IntegerInterval Kept(IntegerInterval exact) => exact.IsWithin(whole) ? exact : whole;
        return term switch
        {
            ConstTerm c => new(c.Value.Exact, c.Value.Exact),
            IndexTerm i when point.TryGetValue(i.Index, out long value) => new(value, value),
            CastTerm { Kind: CastKind.Convert, Operand: var x } when x.Type.IsInteger || x.Type is ElementType.Bool => Kept(Range(x, point, values)),
            SelectTerm { Condition: BinaryTerm { Op.IsComparison: true, Left: IndexTerm i, Right: ConstTerm { Value.Integer: var bound } } c } s when point.TryGetValue(i.Index, out long value) =>
                Range(Terms.Compare(c.Op, value.CompareTo(bound)) ? s.Then : s.Else, point, values),
            SelectTerm s => Range(s.Then, point, values).Hull(Range(s.Else, point, values)),
            BinaryTerm { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.And or BinaryOp.Shl or BinaryOp.Shr } b => Kept(IntegerInterval.Apply(b.Op, Range(b.Left, point, values), Range(b.Right, point, values))),
            IntrinsicTerm { Function: Intrinsic.Popcount } => new(0, term.Type.Bits),
            _ => whole,
        };
    }
}
