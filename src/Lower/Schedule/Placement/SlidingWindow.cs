using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Placement;

/// <summary>
/// Of the box that an iteration needs, the part that earlier iterations have not computed, where its storage outlives them:
/// <code>
/// low(t) .. high(t)   →   first: low(t) .. high(t)    later: max(low(t), high(t - 1) + 1) .. high(t)
/// </code>
/// Neither end may move backwards. Then every index that an iteration needs was computed by the first one that reached it: let s be that one, so
/// high(s - 1) &lt; x ≤ high(s); from low(s) ≤ low(t) ≤ x it follows that x is in what s computed. One dimension slides, along the loops that move no
/// other; t - 1 is the iteration of these loops before, in the order in which they run, with all others at the same values.
/// </summary>
internal static class SlidingWindow
{
    /// <param name="box">What one iteration needs.</param>
    /// <param name="between">The loops inside of the storage's place and around the computation, outermost first.</param>
    /// <param name="arithmetic">Of the place of the computation.</param>
    /// <param name="canSlide">Dimensions whose range of computation may be cut.</param>
    /// <returns>The box that has to be computed.</returns>
    public static ImmutableArray<BoxDimension> Apply(ImmutableArray<BoxDimension> box, ImmutableArray<For> between, BoxArithmetic arithmetic, Func<int, bool> canSlide)
    {
        if (between.IsEmpty || between.Any(l => l.Kind is not (LoopKind.Serial or LoopKind.Unrolled))) return box;
        // A dimension that moves is better than one that stays where it is.
        foreach (int d in Enumerable.Range(0, box.Length).Where(canSlide).OrderBy(d => between.Any(l => Moves(box[d], l)) ? 0 : 1))
        {
            ImmutableArray<For> group = [.. between.Where(l => !box.Where((_, other) => other != d).Any(b => Moves(b, l)))];
            // The iteration before is there at the same values of the other loops: their ranges are the same.
            if (group.IsEmpty || between.Any(l => !group.Contains(l) && group.Any(g => l.Min.UsesVar(g.Variable) || l.Extent.UsesVar(g.Variable)))) continue;
            if (Slide(box[d], group, arithmetic) is { } slid) return box.SetItem(d, slid);
        }
        return box;
    }

    private static bool Moves(BoxDimension b, For l) => b.Low.UsesVar(l.Variable) || b.High.UsesVar(l.Variable);

    /// <summary>An index never gets smaller from one iteration to the next, in the order in which they run.</summary>
    public static bool MovesForward(Expr index, ImmutableArray<For> loops, BoxArithmetic arithmetic) =>
        HasLastIterations(loops) && Enumerable.Range(0, loops.Length).All(n => new LoopStep(loops, n).Keeps(index, arithmetic));

    // The last iteration of an inner loop, in the iteration before of an outer one, has run.
    private static bool HasLastIterations(ImmutableArray<For> loops)
    {
        for (int n = 1; n < loops.Length; n++)
            if (loops[n].Extent is not IntImm { Value: > 0 } && loops[..n].Any(o => loops[n].Extent.UsesVar(o.Variable) || loops[n].Min.UsesVar(o.Variable))) return false;
        return true;
    }

    /// <summary>From the last iteration of the loops inside of one to their first iteration in the next one of it.</summary>
    private sealed class LoopStep
    {
        private readonly Expr[] _conditions;
        private readonly Dictionary<Var, Expr> _now = [], _before;

        public LoopStep(ImmutableArray<For> loops, int stepping)
        {
            var l = loops[stepping];
            ImmutableArray<For> inside = loops[(stepping + 1)..];
            _conditions = [l.Variable > l.Min, .. inside.Select(i => Expr.Eq(i.Variable, i.Min))];
            _before = new() { [l.Variable] = l.Variable - 1 };
            foreach (var i in inside)
            {
                _now[i.Variable] = i.Min.Substitute(_now);
                _before[i.Variable] = (i.Min + i.Extent - 1).Substitute(_before);
            }
        }

        public Expr Before(Expr e) => e.Substitute(_before);

        /// <summary>An index is not smaller afterwards.</summary>
        public bool Keeps(Expr index, BoxArithmetic arithmetic) =>
            arithmetic.Proves(arithmetic.SimplifyUnder(index.Substitute(_now), _conditions) >= arithmetic.SimplifyUnder(Before(index), _conditions), _conditions);
    }

    private static BoxDimension? Slide(BoxDimension box, ImmutableArray<For> group, BoxArithmetic arithmetic)
    {
        if (!MovesForward(box.Low, group, arithmetic) || !MovesForward(box.High, group, arithmetic)) return null;
        // The last index that was computed before.
        Expr? reached = null;
        for (int n = 0; n < group.Length; n++)
        {
            var l = group[n];
            var high = new LoopStep(group, n).Before(box.High);
            // One formula for all steps, where it also gives what those further out do when this loop starts again.
            reached = reached is null || IsSame(reached, high.Substitute(l.Variable, l.Min), arithmetic) ? high : Expr.If(l.Variable > l.Min, high, reached);
        }

        var isFirst = Expr.All(group.Select(l => l.Variable <= l.Min));
        // Of several loops no one condition says that this is not the first iteration.
        Expr[] later = group.Length == 1 ? [group[0].Variable > group[0].Min] : [];
        var low = arithmetic.SimplifyUnder(box.Low, later);
        var next = arithmetic.SimplifyUnder(reached! + 1, later);
        // Nothing is left of what was computed before.
        if (arithmetic.Proves(low >= next, later)) return null;
        var rest = arithmetic.Proves(next >= low, later) ? next : Expr.Max(low, next);
        var first = arithmetic.SimplifyUnder(box.Low, [.. group.Select(l => l.Variable <= l.Min)]);
        return box with { Low = Expr.If(isFirst, first, rest), IsWhole = false };
    }

    private static bool IsSame(Expr a, Expr b, BoxArithmetic arithmetic) =>
        LinearForm.Of(arithmetic.Simplify(a)) is { } x && LinearForm.Of(arithmetic.Simplify(b)) is { } y && x.Minus(y) is { IsConstant: true, Constant: 0 };
}
