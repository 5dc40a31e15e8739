using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// The iterations that a split adds behind a loop's end are skipped because they lie outside of the instances' domains. This is so where the loop runs
/// over all that is left of an index; a part of it (a tile that is split again, the box of a stage that is computed elsewhere) goes on in the domain, and
/// its points would run twice, or where they have no storage. Then the loop's own range becomes a part of the domain: an iteration
/// <c>in_ii in 0..4 = ii</c> that nothing uses.
/// </summary>
internal static class TailGuard
{
    /// <summary>Makes a nest ready for a split of a loop whose inner loop is always whole.</summary>
    /// <param name="dims">Not negative.</param>
    public static Stmt Apply(Stmt nest, Var loop, long factor, IEnumerable<Var> dims)
    {
        var f = NestPath.FindLoop(nest, loop);
        if (f.Extent is IntImm n && n.Value % factor == 0) return nest;
        var ranges = new RangeContext();
        foreach (var d in dims) ranges.Bind(d, ConstInterval.NonNegative);
        return Visit(nest, [], ranges, loop);
    }

    private static Stmt Visit(Stmt s, ImmutableArray<For> around, RangeContext ranges, Var loop)
    {
        switch (s)
        {
            case Block b: return Block.Of(b.Statements.Select(x => Visit(x, around, ranges, loop)).ToList());
            case Allocate a: return Visit(a.Body, around, ranges, loop) is var inner && ReferenceEquals(inner, a.Body) ? a : new Allocate(a.Buffer, inner, a.Origin);
            case LetStmt l: return Visit(l.Body, around, ranges, loop) is var rest && ReferenceEquals(rest, l.Body) ? l : new LetStmt(l.Variable, l.Value, rest, l.Origin);
            case If i: return new If(i.Condition, Visit(i.Then, around, ranges, loop), i.Else is null ? null : Visit(i.Else, around, ranges, loop), i.Origin);
            case For f:
                int mark = ranges.Mark();
                if (!ReferenceEquals(f.Variable, loop)) ranges.BindLoop(f.Variable, f.Min, f.Extent);
                var body = Visit(f.Body, around.Add(f), ranges, loop);
                ranges.Release(mark);
                return f.WithBody(body);
            case Instance i: return around.FirstOrDefault(l => ReferenceEquals(l.Variable, loop)) is { } split && !EndsOutside(i, split, ranges) ? Guarded(i, split, around) : i;
            default: return s;
        }
    }

    // Whatever comes after the loop's last iteration lies behind the end of some iteration.
    private static bool EndsOutside(Instance i, For loop, RangeContext ranges)
    {
        var behind = Var.Index("behind");
        int mark = ranges.Mark();
        ranges.Bind(behind, ConstInterval.NonNegative);
        var bindings = i.Iterations.ToDictionary(it => it.Variable, it => it.Binding.Substitute(loop.Variable, loop.Min + loop.Extent + behind));
        bool ends = i.Iterations.Any(it => it.Binding.UsesVar(loop.Variable)
            && (ReferenceEquals(it.Binding, loop.Variable) && IsEnd(loop, it.End.Substitute(bindings)) || ranges.Decide(BinaryOp.Ge, bindings[it.Variable], it.End.Substitute(bindings)) == true));
        ranges.Release(mark);
        return ends;
    }

    // An extent that is clamped to 0 ends where the clamped value does, if it runs at all.
    private static bool IsEnd(For loop, Expr end) =>
        StructuralComparer.Equal(loop.Min + loop.Extent, end) || StructuralComparer.Equal(loop.Extent, end - loop.Min) || StructuralComparer.Equal(loop.Extent, Expr.Max(Expr.Index(0), end - loop.Min));

    private static Instance Guarded(Instance i, For loop, ImmutableArray<For> around)
    {
        var points = new LoopPoints(i, around);
        var (start, end) = (points.Of(loop.Min), points.Of(loop.Min + loop.Extent));
        bool Uses(IterKind kind) => i.Iterations.Any(it => it.Kind == kind && it.Binding.UsesVar(loop.Variable));
        var kind = Uses(IterKind.Spatial) ? IterKind.Spatial : Uses(IterKind.Opaque) ? IterKind.Opaque : Uses(IterKind.Reduction) ? IterKind.Reduction : IterKind.Spatial;
        return i.With(iterations: points.WithGuard(loop, start, end, kind));
    }
}
