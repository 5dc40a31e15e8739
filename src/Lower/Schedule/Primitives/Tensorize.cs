using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Instructions;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for jo { for ko { for ji in 0..16 { for ki in 0..4 { C[jo * 16 + ji] += i32(A[ko * 4 + ki]) * i32(B[jo * 16 + ji, ko * 4 + ki]) } } } }   ji.tensorize(vpdpbusd)
///   →  for jo { for ko { instruction vpdpbusd { for i in 0..16 { for k in 0..4 { C[jo * 16 + i] += … } } } } }
/// </code>
/// The loops from the receiver inwards must be whole, serial and of the extents of the instruction's indices, and compute what it declares: the same operators, types and casts, on tiles that lie as
/// its operands do. Nothing is tested inside of them. Then the call does the same by its declaration. Loops that stay outside keep what they do.
/// </summary>
public static class Tensorize
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instruction = ((InstructionValue)d["instruction"]!).Bound ?? throw new CompilerBugException("tensorize", "the instruction has errors");
        var init = (d["init"] as InstructionValue)?.Bound;
        foreach (var needed in (ReadOnlySpan<Instruction?>)[instruction, init])
            if (needed is not null) RequireTarget(needed, state, d);
        var place = context.Place(state, d);
        var (nest, replaced, evidence) = Replace(state, place, instruction, init, d);
        if (init is not null && replaced.Init is null && NestStart(state, place, replaced) is { } start)
            nest = ReplaceStart(state, nest, start, init, d, place.Nest);
        else if (init is not null && replaced.Init is null)
            throw Refuse(d, init.Name, replaced, new("its initial value is set by a stage that is not here", "leave `init` out"));
        // A tile is started and copied in vectors where an instruction computes it in one.
        var elements = LoopPlace.LoopsIn(place.Loop.Body).Prepend(place.Loop).LastOrDefault(f => Stores.In(replaced) is [{ Indices: [.., var last] }, ..] && IsUnit(last, f.Variable, replaced));
        if (elements is not null) nest = Marking.MarkMirrors(state, nest, elements.Variable, LoopKind.Vectorized);
        return new(state.Replace(place.Nest, nest).Touch(replaced.Name), evidence);
    }

    private static bool IsUnit(Expr index, Var loop, Instance instance) =>
        AccessStrides.Coefficient(index.Substitute(instance.Iterations.ToDictionary(it => it.Variable, it => it.Binding)), loop) is 1;

    private static void RequireTarget(Instruction instruction, ScheduleState state, Directive d)
    {
        string? device = state.Function.Target;
        if (instruction.Target != (device ?? "cpu"))
            throw Refuse(d, instruction.Name, null, new($"it is declared for `{instruction.Target}`, and this is {(device is null ? "a CPU" : $"for `{device}`")}", "take an instruction of this target"));
        // Features are those of CPUs.
        string[] missing = [.. instruction.Features.Where(f => device is not null || !state.Target.Has(f)).Select(f => $"\"{f}\"")];
        if (missing.Length > 0)
            throw StepContext.Refuse(InstructionDiagnostics.FeatureMissing, d.SpanOf("instruction"), instruction.Name, string.Join(", ", missing), instruction.Target, string.Join(", ", missing));
    }

    private static (Stmt Nest, Instance Replaced, Evidence) Replace(ScheduleState state, LoopPlace place, Instruction instruction, Instruction? init, Directive d)
    {
        var chain = ImmutableArray.CreateBuilder<For>();
        Stmt rest = place.Loop;
        for (; rest is For f; rest = f.Body)
        {
            if (f.Kind is not LoopKind.Serial) throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, f.Variable.Name, LoopWords.Of(f.Kind), "part of an instruction", LoopWords.Directive(f.Kind));
            if (f.Extent is not IntImm) throw Refuse(d, instruction.Name, null, new($"`{f.Variable.Name}` runs `{f.Extent}` times, which is no constant", "split it by the instruction's extent, and take the inner loop"));
            chain.Add(f);
        }
        if (rest is not Instance instance)
            throw Refuse(d, instruction.Name, LoopPlace.InstancesIn(rest).FirstOrDefault(), new($"more than one statement stands in `{Names.Of(state, chain[^1].Variable)}`", "place or cache other stages outside of the instruction's loops"));
        var loops = chain.ToImmutable();
        var neutral = new NeutralCaches(state, place, instance, RangesOf(state, place, loops));
        instance = instance.With(body: neutral.WithoutPredicates(instance.Body));
        RequireWhole(RangesOf(state, place, loops), !state.Function.Dims.IsEmpty, neutral, loops, instance, instruction, d);

        var tile = new TileBody(place, loops, instance);
        if (tile.Conflict is { } conflict) throw Refuse(d, instruction.Name, instance, new($"`{conflict}` runs over elements and over a reduction", "tensorize before it is fused"));
        var pattern = InstructionPattern.Of(instruction);
        var (store, combines, value) = FormOf(instance, tile, instruction, d);
        if (value.BuffersRead().Contains(store.Buffer)) throw Refuse(d, instruction.Name, instance, new($"it reads other elements of `{store.Buffer.Name}`, which it changes", "take another loop"));
        if (combines is not null && store.Buffer.Type.IsFloat && !instance.Reassociate && loops.Any(f => !store.Indices.Any(e => e.UsesVar(f.Variable))))
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotReassociated, d.Span, d.Loop.Name, "tensorized", "an instruction combines in an order of its own, and this keeps the order of its indices",
                "leave `exact` out, or leave this line out"), instance, "this keeps its order"));
        var extents = loops.Select(f => (f.Variable, ((IntImm)f.Extent).Value)).ToImmutableArray();
        var (match, mismatch) = InstructionMatch.Find(pattern, extents, store, combines, value);
        if (match is null) throw Refuse(d, instruction.Name, instance, mismatch!, instruction.Span);

        var body = InstructionEmitter.Call(match, loops, combines, instance.Origin);
        Stmt? start = instance.Init is null ? null : InitOf(instance, tile, loops, store, init, d);
        var result = new Instance(instance.Name, tile.Iterations, Regions.Read(start, body), Regions.Written(start, body), start, body, instance.Reassociate, instance.Origin);
        var nest = NestPath.ReplaceLoop(state.Nests[place.Nest], place.Loop.Variable, _ => result);
        return (nest, instance, Evidence.Proved($"the loops are those of `{instruction.Name}`, on tiles that lie as its operands do"));
    }

    private static RangeContext RangesOf(ScheduleState state, LoopPlace place, ImmutableArray<For> loops)
    {
        var ranges = new RangeContext();
        foreach (var (v, _, _) in state.Function.Dims) ranges.Bind(v, ConstInterval.NonNegative);
        foreach (var s in place.Path.AddRange(loops))
            switch (s)
            {
                case For f:
                    ranges.BindLoop(f.Variable, f.Min, f.Extent);
                    ranges.Assume(f.Extent >= 1);
                    break;
                case LetStmt l: ranges.BindValue(l.Variable, l.Value); break;
                case If i when Contains(i.Then, place.Loop): ranges.Assume(i.Condition); break;
            }
        return ranges;
    }

    // No point of the tile lies outside of the domain, or what a reduction combines there is 0.
    private static void RequireWhole(RangeContext ranges, bool hasDims, NeutralCaches neutral, ImmutableArray<For> loops, Instance instance, Instruction instruction, Directive d)
    {
        var bindings = instance.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        foreach (var it in instance.Iterations.Where(it => loops.Any(f => it.Binding.UsesVar(f.Variable))))
        {
            var (start, end) = (it.Start.Substitute(bindings), it.End.Substitute(bindings));
            bool IsKept(Expr condition) => condition.IsTrue || condition is Binary b && ranges.Decide(b.Op, b.Left, b.Right) == true || it.Kind is IterKind.Reduction && IsNeutral(condition);
            if (IsKept(start <= it.Binding) && IsKept(it.Binding < end)) continue;
            var loop = loops.First(f => it.Binding.UsesVar(f.Variable));
            // Sizes that are not known here may make it whole.
            if (hasDims)
                throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, d.Text, $"whether all {loop.Extent} iterations of `{loop.Variable.Name}` lie before {end} depends on sizes",
                    "name the sizes with `when`, or give the split `tail = pad` and caches that hold neutral values"), instance, "this is computed here"));
            throw Refuse(d, instruction.Name, instance, new($"`{it.Variable.Name[1..]}` is tested in `{loop.Variable.Name}`: it is not proved that all {loop.Extent} iterations lie before {end}",
                "give the split `tail = pad` and caches that hold neutral values, `tail = peel`, or sizes that the factor divides"));
        }

        bool IsNeutral(Expr condition) => instance.Body is Store { Predicate: null, Value: Binary { Op: BinaryOp.Add or BinaryOp.Or or BinaryOp.Xor, Left: Load old } b } store && ReferenceEquals(old.Buffer, store.Buffer)
            && old.Indices.SequenceEqual(store.Indices, StructuralComparer.Instance) && neutral.IsZeroWithout(b.Right, condition);
    }

    private static bool Contains(Stmt s, For loop) => LoopPlace.LoopsIn(s).Any(f => ReferenceEquals(f, loop));

    private static (Store Store, BinaryOp? Combines, Expr Value) FormOf(Instance instance, TileBody tile, Instruction instruction, Directive d)
    {
        if (instance.Body is not Store { Predicate: null } body) throw Refuse(d, instruction.Name, instance, new("it is more than one store, or has run-time checks", "take a stage that computes one value"));
        var store = (Store)tile.Over(body);
        if (store.Value is Binary { Left: Load { Predicate: null } old } b && ReferenceEquals(old.Buffer, store.Buffer) && old.Indices.SequenceEqual(store.Indices, StructuralComparer.Instance)) return (store, b.Op, b.Right);
        return (store, null, store.Value);
    }

    // The initial value of the tile: loops over its elements, or an instruction that is them.
    private static Stmt InitOf(Instance instance, TileBody tile, ImmutableArray<For> loops, Store store, Instruction? init, Directive d)
    {
        var elements = loops.Where(f => store.Indices.Any(e => e.UsesVar(f.Variable))).ToImmutableArray();
        var start = tile.Over(instance.Init!);
        if (init is null || start is not Store first)
        {
            if (init is not null) throw Refuse(d, init.Name, instance, new("it starts with more than one store", "leave `init` out"));
            foreach (var f in elements.Reverse()) start = new For(f.Variable, Expr.Index(0), f.Extent, LoopKind.Serial, start, null, f.Origin);
            return new Instantiate([]).Visit(start);
        }
        var (match, mismatch) = InstructionMatch.Find(InstructionPattern.Of(init), [.. elements.Select(f => (f.Variable, ((IntImm)f.Extent).Value))], first, null, first.Value);
        return match is null ? throw Refuse(d, init.Name, instance, mismatch!, init.Span) : InstructionEmitter.Call(match, elements, null, instance.Origin);
    }

    /// <summary>The stage of the nest that sets the initial value, where that is not in the instance.</summary>
    private static Instance? NestStart(ScheduleState state, LoopPlace place, Instance replaced) =>
        LoopPlace.InstancesIn(state.Nests[place.Nest]).FirstOrDefault(i => i.Init is null && !ReferenceEquals(i, replaced) && i.Reads.IsEmpty && i.Writes is [var w] && ReferenceEquals(w.Buffer, replaced.Writes[0].Buffer));

    private static Stmt ReplaceStart(ScheduleState state, Stmt nest, Instance start, Instruction init, Directive d, int number)
    {
        int count = InstructionPattern.Of(init).Indices.Length;
        var around = NestPath.LoopsAround(nest, start.Name);
        if (around.Length < count) throw Refuse(d, init.Name, start, new("fewer loops are around it than the instruction has indices", "leave `init` out"));
        if (count == 0) throw Refuse(d, init.Name, start, new("it has no loops", "leave `init` out"));
        var place = LoopPlace.Find(nest, around[^count].Variable, number);
        return Replace(state with { Nests = state.Nests.Replace(number, nest) }, place, init, null, d).Nest;
    }

    private static DiagnosticException Refuse(Directive d, string instruction, Instance? instance, Mismatch mismatch, SourceSpan? declaration = null)
    {
        var refusal = StepContext.About(Diagnostic.Create(ScheduleRefusals.NotTensorized, d.Span, d.Loop.Name, instruction, mismatch.Why + mismatch.Loops, mismatch.Help), instance, "this is computed here");
        return new(declaration is { } span ? refusal.WithLabel(span, "the instruction") : refusal);
    }

    /// <summary>An instance's expressions over the tile's loops and over points of the loops outside.</summary>
    private sealed class TileBody
    {
        private readonly Dictionary<Var, Expr> _values = [];

        public TileBody(LoopPlace place, ImmutableArray<For> loops, Instance instance)
        {
            var inside = loops.Select(f => f.Variable).ToHashSet();
            var kept = instance.Iterations.Where(it => !it.Binding.UsesAny(inside.Contains)).ToList();
            var points = new Dictionary<Var, IterVar>();
            foreach (var it in kept)
                if (it.Binding is Var own && place.Around.FirstOrDefault(f => ReferenceEquals(f.Variable, own)) is { } loop && StructuralComparer.Equal(loop.Min, it.Start) && StructuralComparer.Equal(loop.Min + loop.Extent, it.End))
                    points.TryAdd(own, it);
            var made = new List<IterVar>();
            foreach (var it in instance.Iterations.Except(kept))
            {
                // What a let around names is no iteration.
                Expr Named(Expr e) => place.Path.OfType<LetStmt>().Reverse().Aggregate(e, (x, l) => x.Substitute(l.Variable, l.Value));
                var binding = Named(it.Binding);
                foreach (var v in binding.FreeVars().Concat(loops.Where(f => binding.UsesVar(f.Variable)).SelectMany(f => Named(f.Min).FreeVars())).Where(v => !inside.Contains(v))) Point(v, it.Kind);
                // A tile's loop starts at 0.
                var values = points.ToDictionary(p => p.Key, p => (Expr)p.Value.Variable);
                foreach (var f in loops) values[f.Variable] = Named(f.Min).Substitute(values) + f.Variable;
                _values[it.Variable] = binding.Substitute(values);
            }
            Iterations = OuterFirst([.. made, .. kept.Select(it => it with { Start = it.Start.Substitute(_values), End = it.End.Substitute(_values) })]);

            void Point(Var v, IterKind kind)
            {
                if (place.Around.FirstOrDefault(f => ReferenceEquals(f.Variable, v)) is not { } loop) return;
                if (points.TryGetValue(v, out var known))
                {
                    if (known.Kind != kind && known.Kind is not IterKind.Spatial) Conflict = v.Name;
                    return;
                }
                foreach (var outer in loop.Min.FreeVars().Concat(loop.Extent.FreeVars())) Point(outer, kind);
                var outside = points.ToDictionary(p => p.Key, p => (Expr)p.Value.Variable);
                var point = new IterVar(Var.Index("v" + v.Name), loop.Min.Substitute(outside), (loop.Min + loop.Extent).Substitute(outside), kind, v);
                if (made.Any(m => ReferenceEquals(m.Binding, v))) return;
                points.Add(v, point);
                made.Add(point);
            }
        }

        // A range may use only iterations that stand before it.
        private static ImmutableArray<IterVar> OuterFirst(List<IterVar> left)
        {
            var result = ImmutableArray.CreateBuilder<IterVar>(left.Count);
            while (left.Count > 0)
            {
                var next = left.Find(it => !left.Exists(o => !ReferenceEquals(o, it) && (it.Start.UsesVar(o.Variable) || it.End.UsesVar(o.Variable)))) ?? throw new CompilerBugException("tensorize", "ranges use each other");
                left.Remove(next);
                result.Add(next);
            }
            return result.ToImmutable();
        }

        public ImmutableArray<IterVar> Iterations { get; }
        /// <summary>A loop that is both over elements and over a reduction.</summary>
        public string? Conflict { get; private set; }

        public Stmt Over(Stmt s) => s.Substitute(_values);
    }
}
