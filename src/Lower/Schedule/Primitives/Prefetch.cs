using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Simplify;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { S(A[i * 8 + j]) }   →   for i { prefetch A[min((i + 2) * 8, N - 1)]; S(A[i * 8 + j]) }     i.prefetch(A, 2)
/// </code>
/// Asks for the first element that a later iteration reads. The address is kept inside the tensor. It changes no value.
/// </summary>
public static class Prefetch
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        var tensor = ((StageValue)d["tensor"]!).Stage;
        var buffer = state.FindBuffer(tensor) ?? throw StepContext.Refuse(ScheduleRefusals.StageGone, d.SpanOf("tensor"), tensor.Name);
        long distance = d.Integer("distance") ?? 1;
        if (distance is < 1 or > int.MaxValue) throw Refuse($"a distance of {distance} iterations does not lie ahead", "write how many iterations ahead it is: `distance = 1`", "distance");
        if (place.Around.Add(place.Loop).FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes)
            throw Refuse($"the iterations of `{Names.Of(state, lanes.Variable)}` are lanes of a vector, which reads its elements at once", "prefetch in a loop around the vector");
        if (!state.Function.Parameters.Contains(buffer) && !state.Function.Temporaries.Contains(buffer))
            throw Refuse("it is private to an agent, and was written just before", "prefetch what it is filled from, in the loop that fills it", "tensor");
        var around = place.Around.Add(place.Loop);
        var dims = state.Function.Dims.Select(x => x.Variable).ToArray();
        if (ReadBox.Of(place.Loop.Body, buffer, f => !around.Contains(f), around, dims) is not { } box) return StepResult.WithoutEffect(state, $"nothing in `{d.Loop.Name}` reads `{tensor.Name}`");
        if (box.IsWhole.All(w => w)) throw Refuse("where it is read is known only from data", "prefetch the tensor that its indices come from", "tensor");
        if (!box.Start.Any(e => e.UsesVar(place.Loop.Variable))) return StepResult.WithoutEffect(state, $"every iteration of `{d.Loop.Name}` reads from the same place on");
        var context2 = new RangeContext();
        foreach (var v in dims) context2.Bind(v, ConstInterval.NonNegative);
        foreach (var f in around)
        {
            // A later split may run past the end, but never where there is no iteration.
            if (f.Min is IntImm { Value: >= 0 }) context2.Bind(f.Variable, ConstInterval.NonNegative);
            context2.Assume(f.Extent >= 1);
        }
        var at = box.Start.Select((e, n) => Expr.Max(Expr.Index(0), Expr.Min(e.Substitute(place.Loop.Variable, place.Loop.Variable + distance), buffer.Shape[n] - 1)))
            .Select(e => Simplifier.Simplify(e, context2));
        var effect = new Effect(EffectKind.Prefetch, buffer.Name, [buffer], [.. at], new(null, d.Text));
        var nest = NestPath.ReplaceLoop(state.Nests[place.Nest], place.Loop.Variable, f => f.WithBody(Block.Of(effect, f.Body)));
        return new(state.Replace(place.Nest, nest).Touch(place.Instances.Select(i => i.Name)), Evidence.Proved("no value depends on it"));

        DiagnosticException Refuse(string why, string help, string? parameter = null) =>
            StepContext.Refuse(ScheduleRefusals.NotPrefetched, parameter is null ? d.Span : d.SpanOf(parameter), tensor.Name, d.Loop.Name, why, help);
    }
}
