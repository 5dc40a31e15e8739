using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Leaves one level of parallelism: a parallel loop inside a parallel one runs in order, and so does one of a single iteration.</summary>
public static class SerializeLoops
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Serializing().Visit(f.Body)));

    private sealed class Serializing : Rewriter
    {
        private bool _inParallel;

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            bool stays = f.Kind is LoopKind.Parallel && !_inParallel && f.Extent is not IntImm { Value: <= 1 };
            bool outer = _inParallel;
            _inParallel |= stays;
            var body = Visit(f.Body);
            _inParallel = outer;
            var kind = f.Kind is LoopKind.Parallel && !stays ? LoopKind.Serial : f.Kind;
            return kind == f.Kind && ReferenceEquals(body, f.Body) ? f : f.With(body, kind: kind);
        }
    }
}
