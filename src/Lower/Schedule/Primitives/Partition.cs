using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for y in 0..H { for r in 0..3 { S(X[y + r - 1] if y + r - 1 &gt;= 0 &amp;&amp; y + r - 1 &lt; H) } }
///   →  for y in 0..1 { … }  for y in 1..H - 1 { for r in 0..3 { S(X[y + r - 1]) } }  for y in H - 1..H { … }
/// </code>
/// Cuts the range where conditions linear in the loop begin and cease to hold for all values of the loops inside, and drops them in the middle. The order of the iterations
/// stays. Conditions are the domains of instances (tails of splits), predicates and choices of boundaries, and those of earlier steps.
/// </summary>
public static class Partition
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        var loop = place.Loop;
        if (loop.Kind is not LoopKind.Serial) throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, d.Loop.Name, LoopWords.Of(loop.Kind), "partitioned", LoopWords.Directive(loop.Kind));

        var ranges = new RangeContext();
        foreach (var (v, _, _) in state.Function.Dims) ranges.Bind(v, ConstInterval.NonNegative);
        foreach (var f in place.Around) ranges.BindLoop(f.Variable, f.Min, f.Extent);
        int mark = ranges.Mark();
        ranges.BindLoop(loop.Variable, loop.Min, loop.Extent);
        ranges.Assume(loop.Extent >= 1);
        var conditions = LoopConditions.Of(loop, ranges, place.Around.Select(f => f.Variable), state.Function.Dims.Select(x => x.Variable));
        // Where the cuts lie is decided outside of the loop, which may not run at all.
        ranges.Release(mark);
        if (conditions.IsEmpty)
            return StepResult.WithoutEffect(state, $"nothing in `{d.Loop.Name}` is tested that is linear in it");

        var end = loop.Min + loop.Extent;
        var low = conditions.Lows.Aggregate(loop.Min, (a, b) => Greater(ranges, a, b));
        var high = conditions.Highs.Aggregate(end, (a, b) => Less(ranges, a, b));
        // The middle lies inside of the range, and is not turned round.
        var first = Less(ranges, low, end);
        var last = Greater(ranges, first, high);
        if (Extent(first, last) is IntImm { Value: <= 0 })
            return StepResult.WithoutEffect(state, $"its conditions hold together in no iteration of `{d.Loop.Name}`");
        if (place.Instances.FirstOrDefault(i => i.Init is not null && Reduces(i, loop) && i.Iterations.Any(it => it.Kind is not IterKind.Reduction && it.Binding.UsesVar(loop.Variable))) is { } both
            && !(IsEmpty(loop.Min, first) && IsEmpty(last, end)))
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotPartitioned, d.Span, d.Loop.Name, "it runs over elements and over a reduction, whose initial values only its first part would set", $"set them in a nest of their own first: `{DirectiveText.Stage(both.Name)}.decompose_reduction(root)`"), both, "this reduction"));

        var taken = new HashSet<string>(StringComparer.Ordinal);
        var parts = new List<Stmt>();
        // A reduction over the loop starts before the first part.
        bool starts = true;
        if (!IsEmpty(loop.Min, first))
        {
            parts.Add(Copy(loop.Min, first, ".before", starts));
            starts = false;
        }
        var middle = new For(loop.Variable, first, Extent(first, last), loop.Kind, loop.Body, loop.Axis, loop.Origin);
        parts.Add(middle.WithBody(new Dropping(conditions, middle, starts).Visit(loop.Body)));
        if (!IsEmpty(last, end)) parts.Add(Copy(last, end, ".after", false));
        state = state.Replace(place.Nest, NestPath.ReplaceLoop(state.Nests[place.Nest], loop.Variable, _ => Block.Of(parts)));
        return new(state.Touch(place.Instances.Select(i => i.Name)).Touch(taken), Evidence.Proved("the order of the iterations stays"));

        Stmt Copy(Expr from, Expr to, string suffix, bool isFirst)
        {
            var part = new For(loop.Variable, from, Extent(from, to), LoopKind.Serial, loop.Body, null, loop.Origin);
            var named = new Part(conditions, part, isFirst, name => Unique(name + suffix)).Visit(loop.Body);
            return new Instantiate([]).Visit(part.WithBody(named));
        }

        string Unique(string name)
        {
            string unique = state.UniqueName(name);
            for (int n = 2; !taken.Add(unique); n++) unique = state.UniqueName(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}{n}"));
            return unique;
        }
    }

    private static bool Reduces(Instance i, For loop) => i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(loop.Variable));

    private static bool IsEmpty(Expr from, Expr to) => Extent(from, to) is IntImm { Value: <= 0 };

    private static Expr Extent(Expr from, Expr to) => LinearForm.Of(to)?.Minus(LinearForm.Of(from)!) is { IsConstant: true } n ? Expr.Index(n.Constant) : to - from;

    private static Expr Greater(RangeContext ranges, Expr a, Expr b) =>
        ranges.Decide(BinaryOp.Ge, a, b) == true ? a : ranges.Decide(BinaryOp.Le, a, b) == true ? b : Expr.Max(a, b);

    private static Expr Less(RangeContext ranges, Expr a, Expr b) =>
        ranges.Decide(BinaryOp.Le, a, b) == true ? a : ranges.Decide(BinaryOp.Ge, a, b) == true ? b : Expr.Min(a, b);

    // Only the first part starts a reduction over the loop.
    private static Stmt? InitOf(Instance i, For loop, bool isFirst) => !isFirst && Reduces(i, loop) ? null : i.Init;

    private sealed class Part(LoopConditions conditions, For part, bool isFirst, Func<string, string> rename) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstance(Instance i) =>
            new Instance(rename(i.Name), [.. i.Iterations.Select(it => conditions.Narrowed(it, part))], i.Reads, i.Writes, InitOf(i, part, isFirst), i.Body, i.Reassociate, i.Origin);
    }

    // The body where the conditions hold.
    private sealed class Dropping(LoopConditions conditions, For middle, bool isFirst) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitIf(If i)
        {
            var left = conditions.Without(null, i.Condition);
            return left.IsTrue ? Visit(i.Then) : new If(left, Visit(i.Then), i.Else is null ? null : Visit(i.Else), i.Origin);
        }

        protected override Stmt VisitInstance(Instance i)
        {
            var (iterations, values) = conditions.Domain(i, middle);
            var body = conditions.Without(i, i.Body).Substitute(values);
            var init = InitOf(i, middle, isFirst)?.Substitute(values);
            return new Instance(i.Name, iterations, Regions.Read(init, body), Regions.Written(init, body), init, body, i.Reassociate, i.Origin);
        }
    }
}
