using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Turns loops marked <see cref="LoopKind.Vectorized"/> into explicit vectors of as many lanes as the loop has iterations. The mark is the
/// schedule's word that the iterations may run in lockstep and that a reduction over them may be done in any order. What has no vector form
/// (a number of lanes that is not constant, an inner loop whose range differs by lane) becomes an unrolled scalar loop.</summary>
public static class ExpandVectors
{
    /// <summary>Wider loops stay loops: a vector this wide is a dozen registers already.</summary>
    public const int MaxLanes = 256;

    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Expansion().Visit(f.Body)));

    private sealed class Expansion : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var body = Visit(f.Body);
            if (f.Kind is not LoopKind.Vectorized)
                return ReferenceEquals(body, f.Body) ? f : f.With(body);
            switch (f.Extent)
            {
                case IntImm { Value: <= 0 }:
                    return Block.Empty;
                case IntImm { Value: 1 }:
                    return body.Substitute(f.Variable, f.Min);
                case IntImm { Value: <= MaxLanes } lanes when new LoopVectorizer(f.Variable, f.Min, (int)lanes.Value).TryVectorize(body) is { } vectors:
                    return vectors;
                default:
                    return f.With(body, kind: LoopKind.Unrolled);
            }
        }
    }
}
