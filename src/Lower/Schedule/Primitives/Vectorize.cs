using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..8 { S(i) }   →   vectorized for i in 0..8 { S(i) }
/// for i in 0..n { S(i) }   vectorize(8)   →   for io { vectorized for ii in 0..8 { S(io * 8 + ii) } }
/// </code>
/// All iterations run at once, one in each lane; those outside the domain are masked. The extent must be a constant, and no two iterations may touch one element when
/// one of them writes it. On the loop of a reduction it keeps one partial result a lane (<see cref="ReduceInLanes"/>), which changes the order of the combination.
/// </summary>
public static class Vectorize
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        Marking.RequireSerial(place.Loop, d, "vectorised");
        if (d.Integer("factor") is > ExpandVectors.MaxLanes and var wide) throw Refuse(d, $"{wide} lanes are more than {ExpandVectors.MaxLanes}", $"take at most {ExpandVectors.MaxLanes} lanes");
        if (place.Around.Concat(LoopPlace.LoopsIn(place.Loop.Body)).FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } other)
            throw Refuse(d, $"`{Names.Of(state, other.Variable)}`, in the same nest, is vectorised", $"vectorise one of the two, and unroll the other: `{d.Loop.Name}.unroll()`");
        foreach (var inner in LoopPlace.LoopsIn(place.Loop.Body))
            if (inner.Min.UsesVar(place.Loop.Variable) || inner.Extent.UsesVar(place.Loop.Variable))
                throw Refuse(d, $"the range of `{Names.Of(state, inner.Variable)}`, which is inside, depends on it", "vectorise the innermost loop");

        // An iteration of `rfactor` has a result of its own, and starts the reduction at its value.
        bool reduces = place.Instances.Any(i => i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(place.Loop.Variable))
            && !i.Iterations.Any(it => it.Kind is IterKind.Spatial && ReferenceEquals(it.Binding, place.Loop.Variable)));
        if (reduces && TryInLanes(state, place, d) is { } inLanes) return inLanes;

        (state, place) = Marking.SplitBy(state, place, d);
        var loop = place.Loop;
        if (loop.Extent is not IntImm { Value: var lanes }) throw Marking.NotConstant(loop, d, "vectorised", "vectorize");
        if (lanes > ExpandVectors.MaxLanes) throw Refuse(d, $"it runs {lanes} times, and a vector has at most {ExpandVectors.MaxLanes} lanes", $"write the number of lanes: `{d.Loop.Name}.vectorize(8)`");
        if (lanes <= 1) return StepResult.WithoutEffect(state, $"`{d.Loop.Name}` runs {Marking.Times(loop)}");
        var evidence = Legality.RequireIndependent(state, place, d, context, allowReductions: true, "vectorised");
        return Marking.Mark(state, place, LoopKind.Vectorized, evidence);
    }

    // One partial result a lane, where the loop is the innermost of a reduction that combines one value and lies inside all loops over elements.
    private static StepResult? TryInLanes(ScheduleState state, LoopPlace place, Directive d)
    {
        if (place.Instances is not [var instance]) return null;
        if (!instance.Reassociate)
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotReassociated, d.Span, d.Loop.Name, "vectorised",
                "lanes combine in another order, and this reduction keeps its own", "vectorise a loop over elements, or leave `exact` out"), instance, "this reduction keeps the order of its indices"));
        var loops = NestPath.LoopsAround(state.Nests[place.Nest], instance.Name);
        if (ReductionForm.Match(instance) is null || !ReferenceEquals(loops[^1].Variable, place.Loop.Variable)) return null;
        bool Reduces(For f) => instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(f.Variable));
        // After `rfactor` a loop may be over elements and over what is left of the reduction.
        if (loops.Any(f => Reduces(f) && instance.Iterations.Any(it => it.Kind is not IterKind.Reduction && it.Binding.UsesVar(f.Variable)))) return null;
        // So would one be where the reduction starts at the value of an index that was split or fused.
        if (loops.Any(f => place.Loop.Min.UsesVar(f.Variable) && !instance.Iterations.Any(it => ReferenceEquals(it.Binding, f.Variable)))) return null;
        if (loops.SkipWhile(f => !Reduces(f)).Any(f => !Reduces(f)) || loops.SkipWhile(f => !Reduces(f)).Any(f => f.Kind is not LoopKind.Serial)) return null;
        // One version or one part of a loop inside of the reduction goes on from what the others left: each vector is combined with it.
        if (!ReduceInLanes.IsAlone(loops.First(Reduces), instance)) return null;
        long lanes = d.Integer("factor") ?? (place.Loop.Extent is IntImm n ? n.Value : throw Marking.NotConstant(place.Loop, d, "vectorised", "vectorize"));
        if (lanes > ExpandVectors.MaxLanes) throw Refuse(d, $"it runs {lanes} times, and a vector has at most {ExpandVectors.MaxLanes} lanes", $"write the number of lanes: `{d.Loop.Name}.vectorize(8)`");
        if (lanes <= 1) return StepResult.WithoutEffect(state, $"`{d.Loop.Name}` runs {Marking.Times(place.Loop)}");
        var (nest, outer) = ReduceInLanes.Apply(TailGuard.Apply(state.Nests[place.Nest], place.Loop.Variable, lanes, Legality.Dims(state)), instance.Name, place.Loop.Variable, (int)lanes, 1, d.Results.Length > 0 ? d.ResultLoop(0).Name : null);
        state = state.Replace(place.Nest, nest);
        if (d.Results.Length > 0) state = state.With(d.ResultLoop(0), outer);
        return new(state.Touch(instance.Name), Evidence.Proved("the reduction may be done in any order"));
    }

    private static DiagnosticException Refuse(Directive d, string why, string help) => StepContext.Refuse(ScheduleRefusals.NotVectorized, d.Span, d.Loop.Name, why, help);
}
