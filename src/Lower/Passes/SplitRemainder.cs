using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>A long body that is to be done for several vectors at once is done so for whole groups of them, and what is left by another loop:
/// <code>
/// for i in 0..n lanes 32 { S }  →  for i in 0..n / 32 * 32 lanes 32 { S }  for i in n / 32 * 32..n { S }
/// </code>
/// A compiler makes vectors of what is left, too, where it would have taken its elements one by one.</summary>
public static class SplitRemainder
{
    public static LoopModule Run(LoopModule module, CpuTarget target) => module.Map(f => f.With(new Splitting(target.VectorBytes).Visit(f.Body)));

    private sealed class Splitting(int vectorBytes) : SerialLoopRewriter
    {
        protected override Stmt? Change(For f)
        {
            if (f.Lanes == 1 || !LoopSearch.IsInnermost(f) || f.Extent is IntImm n && n.Value % f.Lanes == 0) return null;
            var work = BodyWork.Of(f.Body);
            if (!work.IsLong || (long)f.Lanes * work.Bytes < 2 * vectorBytes) return null;
            if (f.Extent is IntImm { Value: var count } && count < f.Lanes) return f.With(f.Body, lanes: 1);
            // A loop that does not run has no groups, not less than none.
            var whole = Expr.Max(f.Extent, Expr.Index(0)) / Expr.Index(f.Lanes) * f.Lanes;
            return Block.Of(f.With(f.Body, extent: whole), new Instantiate([]).Visit(f.With(f.Body, f.Min + whole, f.Extent - whole, lanes: 1)));
        }
    }
}
