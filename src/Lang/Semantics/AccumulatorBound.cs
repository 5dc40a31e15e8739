using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>A sum in at most 16 bits must stay in its type at every size that is admitted.</summary>
internal static class AccumulatorBound
{
    public static void Check(ReduceTerm sum, SizeComparer sizes, DiagnosticBag bag) => Check(sum.Kind.Name, sum.Body, sum.Indices, sum.Span, sizes, bag);

    /// <summary>All points of <c>+=</c> may meet one element.</summary>
    public static void CheckUpdate(Equation update, SizeComparer sizes, DiagnosticBag bag) => Check("+=", update.Value, update.Indices, update.Span, sizes, bag);

    private static void Check(string name, Term body, ImmutableArray<IndexSymbol> indices, SourceSpan? span, SizeComparer sizes, DiagnosticBag bag)
    {
        var (low, high) = Range(body);
        // How many values of the greatest magnitude fit.
        var fitting = Int128.Min(
            high > 0 ? body.Type.MaxValue / high : Int128.MaxValue,
            low < 0 ? body.Type.MinValue / low : Int128.MaxValue);
        if (fitting > long.MaxValue) return;
        AffineForm? count = AffineForm.Of(1);
        foreach (var index in indices)
            count = count is null ? null : AffineForm.Multiply(count, AffineForm.Max(AffineForm.Of(index.End) - AffineForm.Of(index.Start), AffineForm.Zero));
        if (count is not null && sizes.AtMost(count, AffineForm.Of((long)fitting)) is Verdict.Proved) return;
        bag.Add(Diagnostic.Create(SemanticDiagnostics.AccumulatorOverflow, span, name, Int128.Max(high, -low), body.Type.Name, fitting + 1));
    }

    /// <summary>An interval that holds the values of an integer term.</summary>
    private static (Int128 Low, Int128 High) Range(Term term)
    {
        var whole = (term.Type.MinValue, term.Type.MaxValue);
        switch (term)
        {
            case ConstTerm c: return (c.Value.Exact, c.Value.Exact);
            case CastTerm { Kind: CastKind.Convert, Operand: var x } when x.Type.IsInteger || x.Type is ElementType.Bool:
                var inner = Range(x);
                return inner.Low >= whole.MinValue && inner.High <= whole.MaxValue ? inner : whole;
            case SelectTerm s:
                var (a, b) = (Range(s.Then), Range(s.Else));
                return (Int128.Min(a.Low, b.Low), Int128.Max(a.High, b.High));
            case BinaryTerm { Op: BinaryOp.And, Right: ConstTerm { Value.Exact: var mask } } when mask >= 0: return (0, mask);
            case BinaryTerm { Op: BinaryOp.Mul, Left: var l, Right: var r }:
                var (p, q) = (Range(l), Range(r));
                Int128[] products = [p.Low * q.Low, p.Low * q.High, p.High * q.Low, p.High * q.High];
                return products.Min() >= whole.MinValue && products.Max() <= whole.MaxValue ? (products.Min(), products.Max()) : whole;
            default: return whole;
        }
    }
}
