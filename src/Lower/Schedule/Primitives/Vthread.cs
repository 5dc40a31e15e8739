using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..2 { S(i) }   →   virtual for i in 0..2 { S(i) }
/// </code>
/// The iterations are virtual threads of one agent, whose statements a device's backend interleaves. Like <see cref="Parallel"/> no two of them may touch one element when
/// one of them writes it. Their number must be a constant.
/// </summary>
public static class Vthread
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        DeviceSteps.RequireDevice(state, d, "`vthread`");
        var place = context.Place(state, d);
        Marking.RequireSerial(place.Loop, d, "a virtual thread");
        if (place.Loop.Extent is not IntImm { Value: var count }) throw Marking.NotConstant(place.Loop, d, "a virtual thread", "split");
        if (count <= 1) return StepResult.WithoutEffect(state, $"`{d.Loop.Name}` runs {Marking.Times(place.Loop)}");
        var evidence = Legality.RequireIndependent(state, place, d, context, allowReductions: false, "a virtual thread");
        return Marking.Mark(state, place, LoopKind.Virtual, evidence);
    }
}
