using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Loops marked vectorised or parallel run in order, for a backend whose own compiler makes vectors: a register tile stays a small array under loops of constant
/// length. What combines the lanes of a vector combines their halves in loops, and the last few in a tree of scalars: in the same order.</summary>
public static class PlainLoops
{
    /// <param name="unrolls">Leaves the marks of unrolled loops, whose tile becomes scalars.</param>
    public static LoopModule Run(LoopModule module, bool unrolls) => module.Map(f => f.With(new Plain(unrolls).Visit(f.Body)));

    // A vector machine's own width or so: the rest is a tree of scalars.
    private const int MaxTree = 8;

    private sealed class Plain(bool unrolls) : SharingRewriter
    {
        protected override Stmt VisitFor(For f)
        {
            var kind = f.Kind is LoopKind.Vectorized or LoopKind.Parallel || f.Kind is LoopKind.Unrolled && !unrolls ? LoopKind.Serial : f.Kind;
            var (min, extent, body) = (Visit(f.Min), Visit(f.Extent), Visit(f.Body));
            if (extent.IsConstant(1)) return body.Substitute(f.Variable, min);
            // Copies, too, are iterations that are taken at once.
            int lanes = f.Kind is LoopKind.Vectorized or LoopKind.Unrolled && kind is LoopKind.Serial && extent is IntImm { Value: > 1 and <= int.MaxValue and var count } ? (int)count : f.Lanes;
            return kind == f.Kind && lanes == f.Lanes && ReferenceEquals(min, f.Min) && ReferenceEquals(extent, f.Extent) && ReferenceEquals(body, f.Body) ? f
                : f.With(body, min, extent, kind, lanes: lanes);
        }

        protected override Stmt VisitStore(Store s)
        {
            if (s.Value is not LaneReduce r || r.Vector is Load && r.Vector.Type.Lanes <= MaxTree) return base.VisitStore(s);
            int count = r.Vector.Type.Lanes;
            var vector = Visit(r.Vector);
            var (buffers, statements) = (new List<Buffer>(), new List<Stmt>());
            Func<Expr, Expr> part = n => Lane.Of(vector, n);
            if (vector is not Load) Keep(count, part);
            for (; count > MaxTree && count % 2 == 0; count /= 2)
            {
                var (half, whole) = (count / 2, part);
                Keep(half, n => Expr.Make(r.Op, whole(n), whole(n + half)));
            }
            Stmt all = new Store(s.Buffer, VisitAll(s.Indices), Combine(r.Op, [.. Enumerable.Range(0, count).Select(lane => part(Expr.Index(lane)))]), s.Predicate is null ? null : Visit(s.Predicate), s.NonTemporal, s.Origin);
            return buffers.AsEnumerable().Reverse().Aggregate(Block.Of([.. statements, all]), (body, b) => new Allocate(b, body, s.Origin));

            // In arrays of their own, each written once: compilers see through those.
            void Keep(int length, Func<Expr, Expr> value)
            {
                var parts = new Buffer(s.Buffer.Name + ".parts", r.Type.Element, [Expr.Index(length)], BufferRole.Temporary, MemoryScope.Register);
                var n = Var.Index("n");
                buffers.Add(parts);
                statements.Add(new For(n, Expr.Index(0), Expr.Index(length), LoopKind.Serial, new Store(parts, [n], value(n)), null, s.Origin, length));
                part = at => new Load(parts, [at]);
            }
        }

        protected override Expr VisitLaneReduce(LaneReduce r)
        {
            var vector = Visit(r.Vector);
            return Combine(r.Op, [.. Enumerable.Range(0, vector.Type.Lanes).Select(lane => Lane.Of(vector, Expr.Index(lane)))]);
        }

        // Halves are combined lane by lane, as a vector machine does it.
        private static Expr Combine(BinaryOp op, List<Expr> lanes)
        {
            while (lanes.Count > 1)
            {
                int half = (lanes.Count + 1) / 2;
                lanes = [.. Enumerable.Range(0, half).Select(i => i + half < lanes.Count ? Expr.Make(op, lanes[i], lanes[i + half]) : lanes[i])];
            }
            return lanes[0];
        }
    }

    /// <summary>One lane of a vector as a scalar.</summary>
    private sealed class Lane(Expr lane) : Rewriter
    {
        public static Expr Of(Expr vector, Expr lane) => new Lane(lane).Visit(vector);

        public override Expr Visit(Expr e) => e.Type.Lanes == 1 ? e : base.Visit(e);
        protected override Expr VisitRamp(Ramp r) => r.Base + r.Stride * lane;
        protected override Expr VisitBroadcast(Broadcast b) => b.Value;
        protected override Expr VisitCast(Cast c) => new Cast(c.Kind, c.Type.WithLanes(1), Visit(c.Operand));
    }
}
