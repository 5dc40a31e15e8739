using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { S(i) }   i.bind(block.x)   →   bound for i { S(i) } axis "block.x"
/// </code>
/// The iterations run along an axis of a device: as blocks, or as the threads of one. Like <see cref="Parallel"/> no two of them may touch one element when one of them
/// writes it; blocks stand around threads, and an axis is used once in a nest.
/// </summary>
public static class Bind
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        DeviceSteps.RequireDevice(state, d, "`bind`");
        var place = context.Place(state, d);
        var loop = place.Loop;
        string axis = d.Word("axis")!;
        Marking.RequireSerial(loop, d, "bound");
        if (place.Around.Concat(LoopPlace.LoopsIn(loop.Body)).FirstOrDefault(f => f.Axis == axis) is { } same)
            throw Refuse($"`{Names.Of(state, same.Variable)}` has the axis `{axis}` already", "take another axis, or fuse the two");
        bool isBlock = IsBlock(axis);
        if (isBlock && place.Around.FirstOrDefault(CacheReadStep.IsThread) is { } thread) throw Refuse($"it is inside of `{Names.Of(state, thread.Variable)}`, which runs over the threads of a block", "reorder it outwards, or take a thread axis");
        if (!isBlock && LoopPlace.LoopsIn(loop.Body).FirstOrDefault(f => f.Kind is LoopKind.Bound && IsBlock(f.Axis!)) is { } block) throw Refuse($"`{Names.Of(state, block.Variable)}`, inside of it, runs over blocks", "reorder it inwards, or take a block axis");
        if (place.Around.FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes) throw Refuse($"it is inside of `{Names.Of(state, lanes.Variable)}`, whose iterations are lanes", "take a loop outside of the vector");
        var evidence = Legality.RequireIndependent(state, place, d, context, allowReductions: false, "bound");
        var nest = NestPath.ReplaceLoop(state.Nests[place.Nest], loop.Variable, f => Mark.Marked(f, LoopKind.Bound, axis));
        return new(state.Replace(place.Nest, nest).Touch(place.Instances.Select(i => i.Name)), evidence);

        Core.DiagnosticException Refuse(string why, string help) => StepContext.Refuse(ScheduleRefusals.IterationsDepend, d.Span, d.Loop.Name, "bound", why, help);
    }

    private static bool IsBlock(string axis) => axis.StartsWith("block", StringComparison.Ordinal);
}
