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
            if (f.Lanes == 1 || !LoopSearch.IsInnermost(f)) return null;
            var work = BodyWork.Of(f.Body);
            // Wider floats take several registers for what is one vector in memory.
            int lanes = work.Widens ? 2 * vectorBytes / work.Bytes : f.Lanes;
            if (!work.IsLong || (long)lanes * work.Bytes < 2 * vectorBytes) return null;
            if (f.Extent is IntImm { Value: var count } && (count < lanes || count % lanes == 0)) return f.With(f.Body, lanes: count < lanes ? 1 : lanes);
            // A loop that does not run has no groups, not less than none.
            var whole = Expr.Max(f.Extent, Expr.Index(0)) / Expr.Index(lanes) * lanes;
            return Block.Of(f.With(f.Body, extent: whole, lanes: lanes), new Instantiate([]).Visit(f.With(f.Body, f.Min + whole, f.Extent - whole, lanes: 1)));
        }
    }
}
