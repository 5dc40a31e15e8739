using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for y { for x { P[y, x] = f(A[y, x]) } }   for yo { for yi { for x { C(P[yo * 32 + yi, x], P[yo * 32 + yi + 2, x]) } } }
///   →  for yo { for yi { allocate P[3, N]                                                            at = yi
///        for y in yo * 32 + yi .. + 3 { for x { P[y - (yo * 32 + yi), x] = f(A[y, x]) } }
///        for x { C(P[0, x], P[2, x]) } } }
///   →  for yo { allocate P[34, N]                                                                    at = yi, store_at = yo
///        for yi { for y in (yi ≤ 0 ? yo * 32 : yo * 32 + yi + 2) .. yo * 32 + yi + 3 { for x { P[y - yo * 32, x] = f(A[y, x]) } }
///          for x { C(P[yi, x], P[yi + 2, x]) } } }
/// </code>
/// In each iteration of <c>at</c> the stage computes the bounding box of what is read there; points of the box outside its domain are skipped as ever.
/// All reads must be inside of <c>at</c>, and nothing that the stage reads may change between its old place and its new one. Storage that outlives the
/// iterations keeps what they computed (<see cref="SlidingWindow"/>). A stage takes along the parts of its equation, or of the call that it results from.
/// </summary>
public static class ComputeAt
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        if (d["at"] is WordValue) return ToRoot(state, d, instance);
        var at = context.Place(state, ((LoopValue)d["at"]!).Loop, d.SpanOf("at"));
        if (state.Placed.ContainsKey(instance.Name)) state = Again(state, d, instance);
        at = context.Place(state, ((LoopValue)d["at"]!).Loop, d.SpanOf("at"));
        var store = d["store_at"] switch { null => at.Loop.Variable, LoopValue l => context.Place(state, l.Loop, d.SpanOf("store_at")).Loop.Variable, _ => null };
        return Place(state, d, instance, at.Loop.Variable, store, context);
    }

    // Parts come last: they are read by what is placed before them.
    internal static StepResult Place(ScheduleState state, Directive d, Instance instance, Var at, Var? store, StepContext context)
    {
        (state, bool slides) = PlaceOne(state, d, instance.Name, at, store, context);
        var parts = state.Nests.InstanceNames.Where(n => n.StartsWith(instance.Name + ".", StringComparison.Ordinal)).OrderByDescending(n => state.Nests.Order.IndexOf(state.Nests.FindNest(n)!.Value)).ToList();
        foreach (string part in parts)
        {
            int consumer = state.Nests.FindNest(at)!.Value;
            if (state.Nests.FindNest(part) is not { } own || own == consumer) continue;
            // One that is also read elsewhere stays where it is.
            if (Readers.Of(state, [.. state.Nests.Instances(own).SelectMany(i => i.Writes).Select(r => r.Buffer).Distinct()], own).Any(r => r.Nest != consumer || !r.Loops.Any(l => ReferenceEquals(l.Variable, at)))) continue;
            (state, bool slid) = PlaceOne(state, d, part, at, store, context);
            slides |= slid;
        }
        return new(state, Evidence.Proved(slides ? "all that is read there is computed there or was before, as its bounding box only moves forward" : "the bounding box of all that is read there is computed there"));
    }

    private static (ScheduleState, bool) PlaceOne(ScheduleState state, Directive d, string name, Var atLoop, Var? store, StepContext context)
    {
        var instance = state.FindInstance(name)!;
        if (PlainStage.Match(state, name, out string why) is not { } stage) throw new DiagnosticException(StepContext.About(PlainStage.Refusal(d.Span, Names.OfStage(name), why), instance, "computed here"));
        int number = state.Nests.FindNest(atLoop)!.Value;
        var at = LoopPlace.Find(state.Nests[number], atLoop, number);
        var places = Places.Of(state, stage);
        if (Places.WhyNot(state, stage, at) is { } reason)
            throw Refuse(ScheduleRefusals.PlaceNotLegal, Names.OfStage(name), Names.Of(state, atLoop), reason, string.Join(", ", places.Select(p => $"`{Names.Of(state, p)}`").Append("root")));

        var around = at.Around.Add(at.Loop);
        if (around.FirstOrDefault(l => l.Kind is LoopKind.Parallel) is { } outer
            && LoopPlace.LoopsIn(state.Nests[state.Nests.FindNest(instance.Name)!.Value]).FirstOrDefault(l => l.Kind is LoopKind.Parallel) is { } inner
            && state.Nests.FindNest(instance.Name) != at.Nest)
            throw Refuse(ScheduleRefusals.NestedParallel, Names.Of(state, inner.Variable), Names.Of(state, outer.Variable), "around", Names.Of(state, outer.Variable), Names.Of(state, inner.Variable));
        string storeName = store is null ? "root" : Names.Of(state, store);
        if (store is not null && !around.Any(l => ReferenceEquals(l.Variable, store)))
            throw Refuse(ScheduleRefusals.StorageNotLegal, Names.OfStage(name), storeName, $"it does not enclose `{Names.Of(state, atLoop)}`, where it is computed", StorageHelp(around));
        bool isOutput = stage.Buffers.Any(b => b.Role is not BufferRole.Temporary);
        var between = store is null ? around : around.SkipWhile(l => !ReferenceEquals(l.Variable, store)).Skip(1);
        if (!isOutput && between.FirstOrDefault(l => l.Kind is not (LoopKind.Serial or LoopKind.Unrolled)) is { } marked)
            throw Refuse(ScheduleRefusals.StorageNotLegal, Names.OfStage(name), storeName, $"iterations of `{Names.Of(state, marked.Variable)}`, which is {LoopWords.Of(marked.Kind)}, would share it", StorageHelp(around));
        if (isOutput || InstanceFacts.Of(instance).CanFail)
            if (!Coverage.IsWhole(state, stage))
                throw Refuse(ScheduleRefusals.PlaceNotLegal, Names.OfStage(name), Names.Of(state, atLoop), isOutput ? "it is a result of the operator, and not all of it is read there" : "it has run-time checks, and not all of it is read there", "root");
        var (placed, slides) = StagePlacement.Place(state, stage, at, isOutput ? null : store,
            dimension => Refused(ScheduleRefusals.StageHasShape, name, $"`{name}.{stage.Dimensions[dimension].Iteration.Variable.Name[1..]}` is not one whole serial loop any more"));
        return (placed, slides);

        string StorageHelp(ImmutableArray<For> loops) =>
            $"it can be stored at: {string.Join(", ", loops.Reverse().TakeWhile((l, n) => n == 0 || loops[^n].Kind is LoopKind.Serial or LoopKind.Unrolled).Select(l => $"`{Names.Of(state, l.Variable)}`"))}{(loops.All(l => l.Kind is LoopKind.Serial or LoopKind.Unrolled) ? ", root" : "")}";
        DiagnosticException Refused(DiagnosticDescriptor descriptor, params object?[] arguments) => Refuse(descriptor, arguments);
        DiagnosticException Refuse(DiagnosticDescriptor descriptor, params object?[] arguments) =>
            new(StepContext.About(Diagnostic.Create(descriptor, d.Span, arguments), instance, "computed here"));
    }

    private static StepResult ToRoot(ScheduleState state, Directive d, Instance instance)
    {
        if (d["store_at"] is LoopValue store)
            throw StepContext.Refuse(ScheduleRefusals.StorageNotLegal, d.SpanOf("store_at"), d.Stage.Name, store.Loop.Name, "it is computed at root", "leave `store_at` out");
        if (state.Placed.ContainsKey(instance.Name)) return new(Again(state, d, instance), Evidence.Proved("it is computed whole, before it is read"));
        int nest = state.Nests.FindNest(instance.Name)!.Value;
        return NestPath.SoleInstance(state.Nests[nest]) is not null ? StepResult.WithoutEffect(state, $"`{d.Stage.Name}` is computed at root")
            : throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.StageHasShape, d.Span, d.Stage.Name, "it shares its loops with other stages"), instance, "computed here"));
    }

    /// <summary>A placed stage at root again, to be placed anew.</summary>
    internal static ScheduleState Again(ScheduleState state, Directive d, Instance instance) =>
        StagePlacement.Undo(state, instance.Name)
        ?? throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.StageHasShape, d.Span, d.Stage.Name, "it was placed before, and its loops have changed since"), instance, "computed here"));
}
