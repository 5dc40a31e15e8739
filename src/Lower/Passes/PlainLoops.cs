using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Loops marked vectorised or parallel run in order, for a backend whose own compiler makes vectors: a register tile stays a small array under loops of constant
/// length. What combines the lanes of a vector becomes a tree of scalars, as wide at its leaves as the vector.</summary>
public static class PlainLoops
{
    /// <param name="unrolls">Leaves the marks of unrolled loops, whose tile becomes scalars.</param>
    public static LoopModule Run(LoopModule module, bool unrolls) => module.Map(f => f.With(new Plain(unrolls).Visit(f.Body)));

    private sealed class Plain(bool unrolls) : SharingRewriter
    {
        protected override Stmt VisitFor(For f)
        {
            var kind = f.Kind is LoopKind.Vectorized or LoopKind.Parallel || f.Kind is LoopKind.Unrolled && !unrolls ? LoopKind.Serial : f.Kind;
            var (min, extent, body) = (Visit(f.Min), Visit(f.Extent), Visit(f.Body));
            if (extent.IsConstant(1)) return body.Substitute(f.Variable, min);
            return kind == f.Kind && ReferenceEquals(min, f.Min) && ReferenceEquals(extent, f.Extent) && ReferenceEquals(body, f.Body) ? f
                : new For(f.Variable, min, extent, kind, body, f.Axis, f.Origin);
        }

        protected override Expr VisitLaneReduce(LaneReduce r)
        {
            var vector = Visit(r.Vector);
            return Combine(r, [.. Enumerable.Range(0, vector.Type.Lanes).Select(lane => Lanes.Of(vector, lane))]);
        }

        // Halves are combined lane by lane, as a vector machine does it.
        private static Expr Combine(LaneReduce r, List<Expr> lanes)
        {
            while (lanes.Count > 1)
            {
                int half = (lanes.Count + 1) / 2;
                lanes = [.. Enumerable.Range(0, half).Select(i => i + half < lanes.Count ? Expr.Make(r.Op, lanes[i], lanes[i + half]) : lanes[i])];
            }
            return lanes[0];
        }
    }

    /// <summary>One lane of a vector as a scalar.</summary>
    private sealed class Lanes(int lane) : Rewriter
    {
        public static Expr Of(Expr vector, int lane) => new Lanes(lane).Visit(vector);

        public override Expr Visit(Expr e) => e.Type.Lanes == 1 ? e : base.Visit(e);
        protected override Expr VisitRamp(Ramp r) => r.Base + r.Stride * lane;
        protected override Expr VisitBroadcast(Broadcast b) => b.Value;
        protected override Expr VisitCast(Cast c) => new Cast(c.Kind, c.Type.WithLanes(1), Visit(c.Operand));
    }
}
