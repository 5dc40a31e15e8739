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
/// for io { for k { for ii { P[io * 8 + ii] += A[io * 8 + ii, k] } } }   for i { C[i] = f(P[i]) }
///   →  for io { for k { for ii { P[io * 8 + ii] += A[io * 8 + ii, k] } }   for i in io * 8 .. + 8 { C[i] = f(P[i]) } }
/// </code>
/// At the end of each iteration of <c>at</c> the stage runs over what the iteration has completed. It must read the producer's element at its own indices
/// and no other. Every loop at <c>at</c> and around moves the element that is written, so that no element is finished in two iterations; and those
/// inside make a whole rectangle of elements. So every point of the stage runs with the element that it reads, and both ends of a partial tile are those of the
/// stage's own domain.
/// </summary>
public static class ReverseComputeAt
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        try
        {
            return Place(state, d, context, d["at"] is LoopValue at ? context.Place(state, at.Loop, d.SpanOf("at")) : null);
        }
        catch (DiagnosticException refused) when (refused.Diagnostics is [{ } only] && only.Descriptor == ScheduleRefusals.PlaceNotLegal)
        {
            var places = Legal(state, d, context).Select(l => $"`{Names.Of(state, l)}`").Append("root");
            throw new DiagnosticException(only.WithHelp($"`{d.Stage.Name}` can be computed at: {string.Join(", ", places)}"));
        }
    }

    // The loops of what the stage reads where it can be computed, outermost first.
    private static IEnumerable<Var> Legal(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        foreach (int nest in instance.Reads.SelectMany(r => state.Nests.Writers(r.Buffer)).Distinct().Where(n => n != state.Nests.FindNest(instance.Name)).Order())
            foreach (var l in LoopPlace.LoopsIn(state.Nests[nest]))
            {
                bool isLegal = true;
                try { Place(state, d, context, LoopPlace.Find(state.Nests[nest], l.Variable, nest)); }
                catch (DiagnosticException) { isLegal = false; }
                if (isLegal) yield return l.Variable;
            }
    }

    private static StepResult Place(ScheduleState state, Directive d, StepContext context, LoopPlace? place)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        if (PlainStage.Match(state, instance.Name, out string shape) is not { } stage) throw new DiagnosticException(StepContext.About(PlainStage.Refusal(d.Span, d.Stage.Name, shape), instance, "computed here"));
        if (place is not { } at) return StepResult.WithoutEffect(state, $"`{d.Stage.Name}` is computed at root");
        if (at.Nest == stage.Nest) throw NotLegal("this is a loop of its own");

        // The one tensor that the nest computes and the stage reads.
        var read = instance.Reads.Select(r => r.Buffer).Distinct().Except(stage.Buffers).Where(b => state.Nests.Writers(b).Contains(at.Nest)).ToList();
        if (read.Count == 0) throw NotLegal("it reads nothing that is computed there");
        if (read.Count > 1) throw NotLegal($"it reads several tensors of this nest, `{read[0].Name}` and `{read[1].Name}`");
        var buffer = read[0];
        if (state.Nests.Writers(buffer).Count > 1 || !state.Function.Temporaries.Contains(buffer) && !state.Function.Parameters.Contains(buffer)) throw NotLegal($"`{buffer.Name}` is complete only at the end");
        int from = state.Nests.Order.IndexOf(at.Nest), to = state.Nests.Order.IndexOf(stage.Nest);
        if (to < from) throw NotLegal("it is computed before");
        foreach (var other in instance.Reads.Select(r => r.Buffer).Distinct().Except(stage.Buffers).Where(b => !ReferenceEquals(b, buffer)))
            if (state.Nests.Writers(other).Any(w => state.Nests.Order.IndexOf(w) >= from)) throw NotLegal($"`{other.Name}`, which it also reads, is not complete there");
        if (state.Nests.Instances(at.Nest).Any(i => i.Reads.Concat(i.Writes).Any(r => stage.Buffers.Contains(r.Buffer)))) throw NotLegal("this nest uses what it writes");
        if (InstanceFacts.Of(instance).CanFail) throw NotLegal("it has run-time checks");

        var loads = Loads.In(instance).Where(l => ReferenceEquals(l.Buffer, buffer)).ToList();
        var mapped = Elementwise(instance, stage, loads, buffer) ?? throw NotLegal($"it reads other elements of `{buffer.Name}` than those of its own indices");
        var (writer, loops) = Writer(state, at, buffer) ?? throw NotLegal($"`{buffer.Name}` is written in several places, or outside of that loop");
        if (at.Around.Add(at.Loop).FirstOrDefault(l => l.Kind is LoopKind.Vectorized) is not null) throw NotLegal("that loop is vectorised");

        var values = writer.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        var indices = Stores.In(writer)[0].Indices.Select(e => e.Substitute(values)).ToImmutableArray();
        foreach (var l in at.Around.Add(at.Loop))
            if (!indices.Any(e => e.UsesVar(l.Variable)) && l.Extent is not IntImm { Value: 1 })
                throw NotLegal($"`{buffer.Name}` is complete only after all iterations of `{Names.Of(state, l.Variable)}`");
        if (!CoversDomain(instance, mapped, buffer)) throw NotLegal($"not all that it computes is an element of `{buffer.Name}`");

        var around = at.Around.Add(at.Loop);
        var arithmetic = new BoxArithmetic(state.Function.Dims.Select(x => x.Variable), around);
        var inside = loops[around.Length..];
        var ranges = new Dictionary<Var, (Expr Min, Expr Extent)>();
        for (int n = 0; n < indices.Length; n++)
        {
            // The loops inside alone run over all of it.
            if (!around.Any(l => indices[n].UsesVar(l.Variable))) continue;
            var own = inside.Where(l => indices[n].UsesVar(l.Variable)).ToImmutableArray();
            var range = Range(indices[n], own, arithmetic) ?? throw NotLegal($"what an iteration completes of `{buffer.Name}` is not a whole rectangle");
            if (own.Any(l => indices.Where((_, m) => m != n).Any(e => e.UsesVar(l.Variable)))) throw NotLegal($"what an iteration completes of `{buffer.Name}` is not a whole rectangle");
            var dimension = stage.Dimensions.FirstOrDefault(x => ReferenceEquals(x.Iteration.Variable, mapped[n].Variable));
            if (dimension?.Loop is not { } loop) throw Refuse(ScheduleRefusals.StageHasShape, d.Stage.Name, $"`{d.Stage.Name}.{mapped[n].Variable.Name[1..]}` is not one whole serial loop any more");
            ranges.Add(loop.Variable, range);
        }

        Stmt nest = instance;
        foreach (var l in stage.Loops.Reverse())
            nest = ranges.TryGetValue(l.Variable, out var range) ? new For(l.Variable, range.Min, range.Extent, l.Kind, nest, l.Axis, l.Origin) : l.WithBody(nest);
        var result = NestPath.ReplaceLoop(state.Nests[at.Nest], at.Loop.Variable, l => l.WithBody(Block.Of(l.Body, nest)));
        return new((state with { Nests = state.Nests.Remove(stage.Nest).Replace(at.Nest, result) }).Touch(instance.Name),
            Evidence.Proved($"each iteration completes elements of `{buffer.Name}` of its own, and each is read once it is complete"));

        DiagnosticException NotLegal(string why) => Refuse(ScheduleRefusals.PlaceNotLegal, d.Stage.Name, Names.Of(state, at.Loop.Variable), why, "root");
        DiagnosticException Refuse(DiagnosticDescriptor descriptor, params object?[] arguments) => new(StepContext.About(Diagnostic.Create(descriptor, d.Span, arguments), instance, "computed here"));
    }

    // The iteration at each index of all reads; null where one of them is another element.
    private static ImmutableArray<IterVar>? Elementwise(Instance instance, PlainStage stage, List<Load> loads, Buffer buffer)
    {
        if (loads.Count == 0 || loads.Exists(l => l.Indices.Length != buffer.Shape.Length || !l.Indices.SequenceEqual(loads[0].Indices, StructuralComparer.Instance))) return null;
        var mapped = ImmutableArray.CreateBuilder<IterVar>();
        foreach (var index in loads[0].Indices)
        {
            var it = instance.Iterations.FirstOrDefault(x => ReferenceEquals(x.Variable, index));
            if (it is not { Kind: IterKind.Spatial } || mapped.Contains(it)) return null;
            mapped.Add(it);
        }
        return mapped.ToImmutable();
    }

    // The stage's own range of each index lies in the buffer, so that all its points are reached.
    private static bool CoversDomain(Instance instance, ImmutableArray<IterVar> mapped, Buffer buffer)
    {
        var ranges = new RangeContext();
        for (int n = 0; n < mapped.Length; n++)
            if (mapped[n].Start.UsesAny(v => instance.Iterations.Any(it => ReferenceEquals(it.Variable, v))) || mapped[n].End.UsesAny(v => instance.Iterations.Any(it => ReferenceEquals(it.Variable, v)))
                || ranges.Decide(BinaryOp.Ge, mapped[n].Start, Expr.Index(0)) != true || ranges.Decide(BinaryOp.Le, mapped[n].End, buffer.Shape[n]) != true)
                return false;
        return true;
    }

    // The only instance that writes the buffer: it writes all of it, at the indices of its iterations.
    private static (Instance, ImmutableArray<For>)? Writer(ScheduleState state, LoopPlace at, Buffer buffer)
    {
        var writers = state.Nests.Instances(at.Nest).Where(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer))).ToList();
        if (writers is not [var writer] || !at.Instances.Contains(writer) || writer.Iterations.Any(it => it.Kind is IterKind.Opaque)) return null;
        var stores = Stores.In(writer).Where(s => ReferenceEquals(s.Buffer, buffer)).ToList();
        if (stores.Exists(s => s.Predicate is not null || !s.Indices.SequenceEqual(stores[0].Indices, StructuralComparer.Instance))) return null;
        var used = new HashSet<Var>();
        for (int n = 0; n < buffer.Shape.Length; n++)
        {
            if (stores[0].Indices[n] is not Var v || !used.Add(v)) return null;
            var it = writer.Iterations.FirstOrDefault(x => ReferenceEquals(x.Variable, v));
            if (it is not { Kind: IterKind.Spatial } || !it.Start.IsConstant(0) || !StructuralComparer.Equal(it.End, buffer.Shape[n])) return null;
        }
        return (writer, NestPath.LoopsAround(state.Nests[at.Nest], writer.Name));
    }

    // Start and number of an index's values while some loops run, where these are all values in between.
    private static (Expr Min, Expr Extent)? Range(Expr index, ImmutableArray<For> own, BoxArithmetic arithmetic)
    {
        if (own.IsEmpty) return (index, Expr.Index(1));
        if (own is [var only] && LinearForm.Of(index) is { } form && form.CoefficientOf(only.Variable) == 1 && form.Replace(only.Variable, LinearForm.Of(0)) is { } rest && !rest.ToExpr().UsesVar(only.Variable))
            return (arithmetic.Simplify(rest.ToExpr() + only.Min), only.Extent);
        if (arithmetic.End(index, own, false) is not { } low || arithmetic.End(index, own, true) is not { } high) return null;
        if (LinearForm.Of(high - low + 1) is not { IsConstant: true, Constant: var length }) return null;
        return InstanceFacts.Points(own) == length && own.All(l => l.Extent is IntImm) ? (low, Expr.Index(length)) : null;
    }
}
