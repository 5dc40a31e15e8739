using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for k in 0..n { fill(P, k) use(P, k) }
///   →  if 0 &lt; n { fill(P[0], 0) }
///      for k in 0..n { if k + 1 &lt; n { fill(P[(k + 1) % 2], k + 1) } use(P[k % 2], k) }
/// </code>
/// A cache that a serial loop's body fills gets two copies: one is filled for the next iteration while the other is read. Legal because the fill reads nothing that the
/// loop writes: see <see cref="FillAhead"/>.
/// </summary>
public static class DoubleBuffer
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var fill = context.Instance(state, d.Stage, d.Span);
        int number = state.Nests.FindNest(fill.Name)!.Value;
        var nest = state.Nests[number];
        var buffer = fill.Writes[0].Buffer;
        // The loop in whose body it is filled and read.
        var loop = NestPath.LoopsAround(nest, fill.Name).LastOrDefault(l => LoopPlace.InstancesIn(l.Body).Any(i => i.Name != fill.Name && i.Body.BuffersRead().Contains(buffer)));
        if (loop is null)
            throw Refuse(d, fill, "it is filled once, outside of the loops that read it", "cache it at a loop first: `cache_read(at = …)`");
        if (loop.Kind is not LoopKind.Serial) throw Refuse(d, fill, $"the iterations of `{Names.Of(state, loop.Variable)}`, which fills it, are {LoopWords.Of(loop.Kind)}", "cache it at a serial loop");
        var place = LoopPlace.Find(nest, loop.Variable, number);
        var fills = FillAhead.FillsIn(loop, place.Path);
        if (!fills.Contains(fill.Name)) throw Refuse(d, fill, $"`{Names.Of(state, loop.Variable)}` also writes what it is filled from, or it is no cache of that loop's body", "use it on what `cache_read` gives");
        return FillAhead.Apply(state, place, [fill.Name], 2);
    }

    private static DiagnosticException Refuse(Directive d, Instance fill, string why, string help) =>
        new(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotPipelined, d.Span, d.Stage.Name, why, help), fill, "filled here"));
}
