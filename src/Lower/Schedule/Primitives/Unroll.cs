using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..4 { S(i) }   →   S(0) S(1) S(2) S(3)
/// for i in 0..n { S(i) }   unroll(4)   →   for io { S(io * 4) S(io * 4 + 1) S(io * 4 + 2) S(io * 4 + 3) }
/// </code>
/// Copies the body once for each iteration, or for each of a factor. The extent must be a constant.
/// </summary>
public static class Unroll
{
    /// <summary>Copies beyond which code size costs more than the loop does.</summary>
    private const long MaxCopies = 1024;

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        Marking.RequireSerial(place.Loop, d, "unrolled");
        (state, place) = Marking.SplitBy(state, place, d);
        var loop = place.Loop;
        if (loop.Extent is not IntImm { Value: var copies }) throw Marking.NotConstant(loop, d, "unrolled", "unroll");
        if (copies > MaxCopies || copies * NodeCount.Of(loop.Body) > UnrollLoops.MaxNodes)
            throw StepContext.Refuse(ScheduleRefusals.TooManyCopies, d.Span, d.Loop.Name, copies, d.Loop.Name);
        if (copies <= 1) return StepResult.WithoutEffect(state, $"`{d.Loop.Name}` runs {Marking.Times(loop)}");
        return Marking.Mark(state, place, LoopKind.Unrolled, Evidence.Proved("the order of the iterations stays"));
    }
}
