using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { S(i) }   →   parallel for i { S(i) }
/// </code>
/// All threads share the iterations. No two of them may touch one element when one of them writes it. One loop of a nest can be parallel.
/// </summary>
public static class Parallel
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        var loop = place.Loop;
        Marking.RequireSerial(loop, d, "parallel");
        if (place.Around.FirstOrDefault(f => f.Kind is LoopKind.Parallel) is { } outer)
            throw StepContext.Refuse(ScheduleRefusals.NestedParallel, d.Span, d.Loop.Name, Names.Of(state, outer.Variable), "around", Names.Of(state, outer.Variable), d.Loop.Name);
        if (LoopPlace.LoopsIn(loop.Body).FirstOrDefault(f => f.Kind is LoopKind.Parallel) is { } inner)
            throw StepContext.Refuse(ScheduleRefusals.NestedParallel, d.Span, d.Loop.Name, Names.Of(state, inner.Variable), "inside of", d.Loop.Name, Names.Of(state, inner.Variable));
        if (place.Around.FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes)
            throw StepContext.Refuse(ScheduleRefusals.IterationsDepend, d.Span, d.Loop.Name, "parallel", $"it is inside of `{Names.Of(state, lanes.Variable)}`, whose iterations are lanes", "take a loop outside of the vector");
        if (loop.Extent is IntImm { Value: <= 1 }) return StepResult.WithoutEffect(state, $"`{d.Loop.Name}` runs {Marking.Times(loop)}");
        var evidence = Legality.RequireIndependent(state, place, d, context, allowReductions: false, "parallel");
        return Marking.Mark(state, place, LoopKind.Parallel, evidence, touches: false);
    }
}
