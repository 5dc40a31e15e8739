using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for k in 0..n { fill(P, k) use(P, k) }   pipeline(stages = 3)
///   →  for p in 0..2 { if p &lt; n { fill(P[p], p) } }
///      for k in 0..n { if k + 2 &lt; n { fill(P[(k + 2) % 3], k + 2) } use(P[k % 3], k) }
/// </code>
/// All caches that the body of a serial loop fills get <c>stages</c> copies, and are filled <c>stages - 1</c> iterations ahead; right for any number of iterations,
/// also 0 and 1. The nest is rewritten at the step, so that what follows (marks, tensorize) sees the loops that run. Legal because the fills read nothing that
/// the loop writes: see <see cref="FillAhead"/>.
/// </summary>
public static class Pipeline
{
    private const long MaxStages = 16;

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        if (place.Loop.Kind is not LoopKind.Serial)
            throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, d.Loop.Name, LoopWords.Of(place.Loop.Kind), "pipelined", LoopWords.Directive(place.Loop.Kind));
        long stages = d.Integer("stages") ?? 2;
        if (stages is < 1 or > MaxStages) throw StepContext.Refuse(ScheduleRefusals.NotPipelined, d.SpanOf("stages"), d.Loop.Name, $"{stages} copies are not between 1 and {MaxStages}", "write `stages = 2`");
        if (stages == 1) return StepResult.WithoutEffect(state, "one copy is what there is without it");
        var fills = FillAhead.FillsIn(place.Loop, place.Path);
        if (fills.IsEmpty)
            throw StepContext.Refuse(ScheduleRefusals.NotPipelined, d.Span, d.Loop.Name, "its body fills no cache from what the loop leaves alone", $"cache a tensor there first: `A.cache_read(at = {d.Loop.Name})`");
        return FillAhead.Apply(state, place, fills, stages);
    }
}
