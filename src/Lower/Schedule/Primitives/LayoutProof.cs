using System.Collections.Immutable;
using Tx.Core;
using Tx.Core.Sets;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>No two elements of a box lie in one place. A map that writes each index digit by digit is one-to-one by construction; of any other the integer-set
/// library is asked for two elements that meet.</summary>
internal static class LayoutProof
{
    /// <param name="extents">Of the box.</param>
    /// <exception cref="DiagnosticException">The map does not fit the tensor, two elements meet, or it is not decided.</exception>
    public static (IndexLayout Layout, Evidence Evidence) Require(ScheduleState state, Directive d, StepContext context, Buffer buffer, LayoutValue map, ImmutableArray<Expr> extents)
    {
        var span = d.Has("layout") ? d.SpanOf("layout") : d.SpanOf("map");
        if (map.Axes.Length != buffer.Shape.Length)
            throw StepContext.Refuse(ScheduleRefusals.LayoutDoesNotFit, span, buffer.Name, $"it names {map.Axes.Length} indices, and `{buffer.Name}` has {buffer.Shape.Length}", "name each of them once, on the left");
        var dims = state.Function.Dims.Select(x => x.Variable).ToArray();
        var layout = IndexLayout.Of(map, extents, dims)
            ?? throw StepContext.Refuse(ScheduleRefusals.LayoutDoesNotFit, span, buffer.Name, "an index on the right is not a sum, quotient or remainder by a positive constant", "use `+`, `-`, `*`, and `/` and `%` by constants");
        if (layout.Digits is not null) return (layout, Evidence.Proved("the layout keeps each index digit by digit"));

        ImmutableArray<Var> other = [.. layout.Axes.Select(a => Var.Index(a.Name + "'"))];
        var inside = layout.Axes.Zip(other).SelectMany((p, n) => (Expr[])[Expr.Index(0) <= p.First, p.First < extents[n], Expr.Index(0) <= p.Second, p.Second < extents[n]]);
        var meet = layout.Indices.Zip(layout.At([.. other])).Select(p => Expr.Eq(p.First, p.Second));
        StepClaim? undecided = null;
        // Two points differ in a first index.
        for (int n = 0; n < other.Length; n++)
        {
            var answer = context.Prover.Find([.. inside, .. meet, other[n] > layout.Axes[n]], dims);
            if (answer.Answer is Emptiness.Empty) continue;
            if (answer.Answer is Emptiness.Unknown)
            {
                undecided = new([], Diagnostic.Create(ScheduleRefusals.NotDecided, span, "layout", $"whether two elements of `{buffer.Name}` meet in one place", "use quotients and remainders of each index, such as `[i / 8, k, i % 8]`"));
                continue;
            }
            string At(IEnumerable<Var> axes) => $"{buffer.Name}[{string.Join(", ", axes.Select(a => answer.Point.GetValueOrDefault(a)))}]";
            var places = new Dependence.PointEvaluator(answer.Point);
            var sizes = dims.Where(answer.Point.ContainsKey).Select(v => $"{v.Name} = {answer.Point[v]}").ToList();
            throw new DiagnosticException(Diagnostic.Create(ScheduleRefusals.LayoutNotOneToOne, span, buffer.Name, "keep what tells them apart: an index `x` whole, or as `x / 8` and `x % 8`")
                .WithWitness($"{At(layout.Axes)} and {At(other)} both lie at [{string.Join(", ", layout.Indices.Select(places.Evaluate))}]{(sizes.Count == 0 ? "" : $" for {string.Join(", ", sizes)}")}"));
        }
        return (layout, undecided is null ? Evidence.Proved("no two elements lie in one place") : Evidence.Claimed(undecided));
    }
}
