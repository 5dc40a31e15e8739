using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for yo { for yi { allocate P[3, N]  P's nest  C's nest } }   →   for yo { allocate P[34, N]  for yi { P's nest for what is new  C's nest } }
/// </code>
/// Moves the storage of a stage that is computed in a loop to that loop or to one around it. It is <see cref="ComputeAt"/> with another
/// <c>store_at</c>, so that what earlier iterations computed is kept where the storage outlives them.
/// </summary>
public static class StoreAt
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        var store = d["at"] is LoopValue l ? context.Place(state, l.Loop, d.SpanOf("at")).Loop.Variable : null;
        string name = store is null ? "root" : Names.Of(state, store);
        if (!state.Placed.TryGetValue(instance.Name, out var placed))
            return store is null ? StepResult.WithoutEffect(state, $"`{d.Stage.Name}` is stored at root")
                : throw StepContext.Refuse(ScheduleRefusals.StorageNotLegal, d.Span, d.Stage.Name, name, "it is computed at root", $"compute it in a loop first: `{d.Stage.Name}.compute_at(…, store_at = {name})`");
        if (ReferenceEquals(placed.Store, store)) return StepResult.WithoutEffect(state, $"`{d.Stage.Name}` is stored at {(store is null ? "root" : $"`{name}`")} already");
        if (store is not null && instance.Writes.Any(r => state.Function.Parameters.Contains(r.Buffer)))
            throw StepContext.Refuse(ScheduleRefusals.StorageNotLegal, d.Span, d.Stage.Name, name, "it is a result of the operator", "leave this line out");
        var at = placed.At;
        if (state.Nests.FindNest(at) is null)
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.StageHasShape, d.Span, d.Stage.Name, "the loop that it is computed in was split or fused since"), instance, "computed here"));
        return ComputeAt.Place(ComputeAt.Again(state, d, instance), d, instance, at, store, context);
    }
}
