using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lower.Build;

/// <summary>Sums and products of <c>f16</c> and <c>bf16</c> that may be reassociated are accumulated in <c>f32</c> and rounded once, and a product under a sum is
/// not rounded at all (it is exact but for overflow): a dot product is then one of <c>f32</c>.</summary>
internal sealed class SmallFloatSums : TermRewriter
{
    private readonly Dictionary<Term, Term> _done = new(ReferenceEqualityComparer.Instance);

    private SmallFloatSums() { }

    /// <summary>Returns the same term where there are none.</summary>
    public static Term Widen(Term value) => new SmallFloatSums().Visit(value);

    public override Term Visit(Term t)
    {
        if (!_done.TryGetValue(t, out var result)) _done.Add(t, result = base.Visit(t));
        return result;
    }

    protected override Term VisitReduce(ReduceTerm r)
    {
        var result = (ReduceTerm)base.VisitReduce(r);
        if (r.IsExact || !r.Type.IsSmallFloat || r.Kind is not (ReduceKind.Sum or ReduceKind.Prod)) return result;
        var body = result.Body is BinaryTerm { Op: BinaryOp.Mul } p && r.Kind is ReduceKind.Sum ? new BinaryTerm(p.Op, Wide(p.Left), Wide(p.Right), p.Span) : Wide(result.Body);
        var sum = new ReduceTerm(r.Kind, result.Indices, result.Condition, body, false, ElementType.F32, r.Span);
        return new CastTerm(CastKind.Convert, r.Type, sum, r.Span);
    }

    private static Term Wide(Term t) => t is ConstTerm c ? new ConstTerm(ScalarMath.Cast(CastKind.Convert, ElementType.F32, c.Value), c.Span) : new CastTerm(CastKind.Convert, ElementType.F32, t, t.Span);
}
