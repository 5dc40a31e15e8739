using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>Keeps points past the end of a split loop out. Mostly they lie past the end of an index too, and its domain skips them; where the loop is an inner or a fused one they
/// may be points of another iteration, so the instance gets a dimension of its own that is in its range only before the end.</summary>
internal static class TailGuard
{
    /// <summary>The body of a loop of <paramref name="nest"/> that is about to be cut into whole pieces.</summary>
    public static Stmt Apply(Stmt nest, For loop)
    {
        if (Steps.LoopPlace.InstancesIn(loop.Body).All(i => IsSkipped(i, loop))) return loop.Body;
        // The range of an iteration is over dimensions, not over loops.
        var loops = Steps.LoopPlace.LoopsIn(nest).Select(f => f.Variable).ToHashSet();
        if (!loop.Min.UsesAny(loops.Contains) && !loop.Extent.UsesAny(loops.Contains)) return new Guarding(loop).Visit(loop.Body);
        return new If(loop.Variable < loop.Min + loop.Extent, loop.Body, null, loop.Origin);
    }

    // Every point past the end of the loop lies outside of the domain.
    private static bool IsSkipped(Instance i, For loop)
    {
        var bindings = i.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        var inner = Steps.LoopPlace.LoopsIn(loop.Body).Where(f => f.Min is IntImm { Value: >= 0 }).Select(f => f.Variable).ToHashSet();
        return !i.Iterations.Any(it => it.Binding.UsesVar(loop.Variable)) || i.Iterations.Any(it => Ends(it, it.End.Substitute(bindings)));

        bool Ends(IterVar it, Expr end)
        {
            if (it.Binding is Var v && ReferenceEquals(v, loop.Variable))
                return Reaches(loop.Min + loop.Extent, end) || StructuralComparer.Equal(loop.Extent, end - loop.Min) || StructuralComparer.Equal(loop.Extent, Expr.Max(Expr.Index(0), end - loop.Min));
            if (loop.Min is not IntImm { Value: 0 }) return false;
            if (it.Binding is Binary { Op: Tx.Core.BinaryOp.Div, Left: Var fused, Right: var by } && ReferenceEquals(fused, loop.Variable)) return StructuralComparer.Equal(loop.Extent, end * by);
            if (LinearForm.Of(it.Binding) is not { Constant: >= 0 } form || form.CoefficientOf(loop.Variable) is not (> 0 and var step)) return false;
            if (!form.Terms.All(t => ReferenceEquals(t.Key, loop.Variable) || t.Value > 0 && t.Key is Var x && inner.Contains(x))) return false;
            return StructuralComparer.Equal(loop.Extent, Expr.CeilDiv(end, step)) || loop.Extent is IntImm n && Reaches(Expr.Index(n.Value * step), end);
        }
    }

    private static bool Reaches(Expr a, Expr end) => StructuralComparer.Equal(a, end) || a is IntImm x && end is IntImm y && x.Value >= y.Value;

    private sealed class Guarding(For loop) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstance(Instance i)
        {
            if (IsSkipped(i, loop)) return i;
            var kinds = i.Iterations.Where(it => it.Binding.UsesVar(loop.Variable)).Select(it => it.Kind).ToHashSet();
            var kind = kinds.Contains(IterKind.Opaque) ? IterKind.Opaque : kinds.Contains(IterKind.Reduction) ? IterKind.Reduction : IterKind.Spatial;
            var tail = new IterVar(Var.Index("t" + loop.Variable.Name), loop.Min, loop.Min + loop.Extent, kind, loop.Variable);
            return new Instance(i.Name, [.. i.Iterations, tail], i.Reads, i.Writes, i.Init, i.Body, i.Reassociate, i.Origin);
        }
    }
}
