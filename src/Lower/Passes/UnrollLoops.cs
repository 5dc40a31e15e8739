using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Replaces loops marked <see cref="LoopKind.Unrolled"/> by copies of their bodies. A loop without a constant number of iterations, or whose
/// copies would be too large, runs in order instead.</summary>
public static class UnrollLoops
{
    /// <summary>Nodes that one unrolled loop may grow to: a register tile of 32 vectors, a few steps of its reduction, with addresses.</summary>
    public const long MaxNodes = 40_000;

    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Unrolling().Visit(f.Body)));

    private sealed class Unrolling : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var body = Visit(f.Body);
            if (f.Kind is not LoopKind.Unrolled)
                return ReferenceEquals(body, f.Body) ? f : f.With(body);
            if (f.Extent is not IntImm { Value: var count } || count > MaxNodes || NodeCount.Of(body) * count > MaxNodes)
                return f.With(body, kind: LoopKind.Serial);
            var copies = new List<Stmt>();
            for (long n = 0; n < count; n++)
                copies.Add(count == 1 ? body.Substitute(f.Variable, f.Min) : Instantiate.Copy(body, f.Variable, f.Min + n));
            return Block.Of(copies);
        }
    }
}
