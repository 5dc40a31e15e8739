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

    private static BoxDimension? Slide(BoxDimension box, ImmutableArray<For> group, BoxArithmetic arithmetic)
    {
        // The last iteration of an inner loop, in the iteration before of an outer one, has run.
        for (int n = 1; n < group.Length; n++)
            if (group[n].Extent is not IntImm { Value: > 0 } && group[..n].Any(o => group[n].Extent.UsesVar(o.Variable) || group[n].Min.UsesVar(o.Variable))) return null;

        // What was computed before, for a step of each loop; the innermost last.
        Expr? reached = null;
        for (int n = 0; n < group.Length; n++)
        {
            var l = group[n];
            // Those inside start again.
            Expr[] step = [l.Variable > l.Min, .. group[(n + 1)..].Select(i => Expr.Eq(i.Variable, i.Min))];
            var before = new Dictionary<Var, Expr> { [l.Variable] = l.Variable - 1 };
            var now = new Dictionary<Var, Expr>();
            foreach (var i in group[(n + 1)..])
            {
                now[i.Variable] = i.Min;
                before[i.Variable] = (i.Min + i.Extent - 1).Substitute(l.Variable, l.Variable - 1);
            }
            if (!NotBefore(box.Low) || !NotBefore(box.High)) return null;
            var high = Before(box.High);
            // One formula for all steps, where it also holds for those further out.
            reached = reached is null || IsSame(reached, high) ? high : Expr.If(l.Variable > l.Min, high, reached);

            bool NotBefore(Expr end) => arithmetic.Proves(arithmetic.SimplifyUnder(end.Substitute(now), step) >= arithmetic.SimplifyUnder(Before(end), step), step);

            Expr Before(Expr e) => e.Substitute(before);

            bool IsSame(Expr outer, Expr inner)
            {
                // The outer one holds where the inner loops are at their start.
                var atStart = inner.Substitute(l.Variable, l.Min);
                return StructuralComparer.Equal(arithmetic.Simplify(outer), arithmetic.Simplify(atStart))
                    || LinearForm.Of(arithmetic.Simplify(outer)) is { } x && LinearForm.Of(arithmetic.Simplify(atStart)) is { } y && x.Minus(y) is { IsConstant: true, Constant: 0 };
            }
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
}
