using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// allocate P[34, N]  for yi { P[y, x] = …   C(P[yi, x], P[yi + 2, x]) }   →   allocate P[4, N]  for yi { P[y % 4, x] = …   C(P[yi % 4, x], P[(yi + 2) % 4, x]) }
/// </code>
/// Storage of a dimension becomes a ring, also at root where no other nest uses it. In each iteration of the loop that holds the writes and the reads, writes come first; the last index that is
/// written never moves backwards; and from the lowest index that is read or written there to the last one written there are no more than the ring has
/// elements. So whatever overwrites an element that is still read would lie behind the last index written. Or an iteration writes all that it reads, and no
/// more than the ring has elements. Where that does not say it,
/// <see cref="RingFold"/> asks the solver.
/// </summary>
public static class Fold
{
    private const int MaxTries = 24;

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        string name = d.Loop.Name;
        if (d.Loop is not { Stage: { } handle, Index: { } index })
            throw StepContext.Refuse(ScheduleRefusals.WrongStage, d.Span, "fold", name, "it is a loop, and a ring is a dimension of a stage's storage", "write the stage's index: `stage.index.fold(4)`");
        var writer = context.Instance(state, handle, d.Span);
        long extent = d.Integer("extent")!.Value;
        if (extent < 1) throw StepContext.Refuse(ScheduleRefusals.WrongStage, d.Span, "fold", name, $"a ring has at least one element, not {extent}", "take a larger one");
        var buffer = writer.Writes[0].Buffer;
        int number = state.Nests.FindNest(writer.Name)!.Value;
        var iteration = writer.Iterations.FirstOrDefault(it => it.Variable.Name == "v" + index);
        int dimension = Stores.In(writer)[0].Indices.ToList().FindIndex(e => iteration is not null && e.UsesVar(iteration.Variable));
        if (iteration is null || dimension < 0) throw StepContext.Refuse(ScheduleRefusals.WrongStage, d.Span, "fold", name, "it is no dimension of the stage's storage", "fold an index on the left of its equation");
        // Storage at root is that of a nest where only this one uses it.
        var (allocation, body, outside) = FindAllocation(state.Nests[number], buffer, []) is var (found, around) ? (found, found.Body, around) : (null, state.Nests[number], ImmutableArray<For>.Empty);
        if (allocation is null && (!state.Function.Temporaries.Contains(buffer) || state.Nests.Readers(buffer).Union(state.Nests.Writers(buffer)).Any(n => n != number)))
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "fold", name, $"`{handle.Name}` is stored whole, at root",
                $"compute it in a loop and store it in one: `{handle.Name}.compute_at(…, store_at = …)`"), writer, "computed here"));
        if (buffer.Shape[dimension] is IntImm held && held.Value <= extent) return StepResult.WithoutEffect(state, $"storage of `{name}` has {held.Value} elements");

        if (Places.CopiesOf(state.Nests[number]).Contains(buffer))
            throw StepContext.Refuse(ScheduleRefusals.WrongStage, d.Span, "fold", name, "a prefetch or a copy of memory names an element of it where it lies now", "write this line before that one");
        var carrier = Carrier(state, body, outside, writer, buffer, d);
        var at = LoopPlace.Find(state.Nests[number], carrier, number);
        long? needed = Needed(state, at, outside, writer, buffer, dimension);
        var evidence = Evidence.Proved($"no more than {needed?.ToString(CultureInfo.InvariantCulture)} elements are needed at a time");
        if (!(needed <= extent))
        {
            // The bound may be too high: the solver looks at each element.
            var dependence = DependenceContext.Of(context.Prover, state.Nests[number], s => ReferenceEquals(s, body), Legality.Dims(state));
            DependenceResult Ask(long factor, bool proofOnly = true) => RingFold.Check(body, at.Loop.WithKind(LoopKind.Serial), buffer, dimension, factor, dependence, proofOnly);
            var result = Ask(extent, proofOnly: false);
            if (result.Witness is { } witness)
            {
                if (needed <= extent + 1) throw TooSmall(d, witness, dimension, extent, extent + 1);
                long most = Math.Min(needed ?? long.MaxValue, extent + MaxTries - 1);
                if (most != needed && !Ask(most).IsProved) throw TooSmall(d, witness, dimension, extent, null);
                // One more is enough most often.
                if (Ask(extent + 1).IsProved) throw TooSmall(d, witness, dimension, extent, extent + 1);
                // More elements are enough where fewer are: a fewest number, found by halves.
                long few = extent + 1;
                while (most - few > 1)
                    if (few + (most - few) / 2 is var half && Ask(half).IsProved) most = half;
                    else few = half;
                throw TooSmall(d, witness, dimension, extent, most);
            }
            evidence = result.IsProved ? Evidence.Proved(result.Argument)
                : Evidence.Claimed(new([], StepContext.About(Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, $"{name}.fold", result.Argument,
                    needed is { } known ? $"use `{name}.fold({known.ToString(CultureInfo.InvariantCulture)})`" : "leave this line out"), writer, "computed here")));
        }

        var ring = new Buffer(buffer.Name, buffer.Type, buffer.Shape.SetItem(dimension, Expr.Index(extent)), buffer.Role, buffer.Scope, buffer.Layout, buffer.Device, buffer.Memory);
        var folded = Redirection.Apply(body, outside, new Dictionary<Buffer, Buffer> { [buffer] = ring }, (_, indices, _) => indices.SetItem(dimension, indices[dimension] % extent));
        if (allocation is null) state = state.RemoveTemporary(buffer).AddTemporary(ring);
        var nest = allocation is null ? folded : Replace(state.Nests[number], allocation, new Allocate(ring, folded, allocation.Origin));
        return new(state.Replace(number, nest).Touch(writer.Name), evidence);
    }

    // The innermost loop that holds writes and reads.
    private static Var Carrier(ScheduleState state, Stmt body, ImmutableArray<For> outside, Instance writer, Buffer buffer, Directive d)
    {
        var users = LoopPlace.InstancesIn(body).Where(i => i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, buffer))).ToList();
        if (users.Exists(i => i.Name != writer.Name && i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer)))) throw Refuse("several instances write it");
        if (users.Count < 2) throw Refuse("nothing reads it");
        var loops = users.Select(i => NestPath.LoopsAround(body, i.Name)).ToList();
        var between = loops[0].TakeWhile((l, n) => loops.TrueForAll(o => n < o.Length && ReferenceEquals(o[n].Variable, l.Variable))).ToImmutableArray();
        if (between.IsEmpty) throw Refuse($"it is computed and stored in one loop, {(outside.IsEmpty ? "root" : $"`{Names.Of(state, outside[^1].Variable)}`")}");
        return between.FirstOrDefault(l => l.Kind is not (LoopKind.Serial or LoopKind.Unrolled)) is { } marked ? throw Refuse($"`{Names.Of(state, marked.Variable)}` is {LoopWords.Of(marked.Kind)}") : between[^1].Variable;

        DiagnosticException Refuse(string why) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "fold", d.Loop.Name, why, "store it in a loop outside of the serial loop that it is computed in"), writer, "computed here"));
    }

    // Elements that are enough, by what one iteration reads and writes; null where that says nothing.
    private static long? Needed(ScheduleState state, LoopPlace at, ImmutableArray<For> outside, Instance writer, Buffer buffer, int dimension)
    {
        if (!WritesFirst(at.Loop.Body, writer, buffer)) return null;
        var around = at.Around.Add(at.Loop);
        var arithmetic = new BoxArithmetic(Legality.Dims(state), around);
        var own = NestPath.LoopsAround(at.Loop.Body, writer.Name);
        var bindings = writer.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        ImmutableArray<Expr> written = [.. Stores.In(writer)[0].Indices.Select(e => e.Substitute(bindings))];
        var read = Box.OfReads(at.Loop.Body, [buffer], arithmetic);
        if (arithmetic.End(written[dimension], own, false) is not { } first || arithmetic.End(written[dimension], own, true) is not { } last) return null;
        var low = SlidingWindow.MovesForward(last, around[outside.Length..], arithmetic) ? arithmetic.Lower(first, read[dimension].Low)
            : !writer.Iterations.Any(it => it.Kind is not IterKind.Spatial && it.Binding.UsesAny(v => around.Any(l => ReferenceEquals(l.Variable, v))))
                && WritesAll(at.Loop.Body, writer, written, own, read, arithmetic) ? first : null;
        return low is not null && arithmetic.Length(low, last, out _) is IntImm n ? n.Value : null;
    }

    // True where an iteration reads only what it has written itself: then it does not matter what others leave.
    private static bool WritesAll(Stmt body, Instance writer, ImmutableArray<Expr> written, ImmutableArray<For> own, ImmutableArray<BoxDimension> read, BoxArithmetic arithmetic)
    {
        var inner = own.Select(l => l.Variable).ToHashSet();
        if (!IsUnconditional(body, writer) || own.Any(l => l.Min.UsesAny(inner.Contains) || l.Extent.UsesAny(inner.Contains))) return false;
        var free = inner.ToHashSet();
        for (int d = 0; d < written.Length; d++)
        {
            // One loop for each index, so that every element of the box is written.
            if (LinearForm.Of(written[d]) is not { } form) return false;
            var used = form.Terms.Where(t => t.Key.UsesAny(inner.Contains)).ToList();
            if (used.Count > 1 || used is [var only] && (only.Key is not Var v || only.Value is not (1 or -1) || !free.Remove(v))) return false;
            if (arithmetic.End(written[d], own, false) is not { } low || arithmetic.End(written[d], own, true) is not { } high) return false;
            if (!arithmetic.Proves(low <= read[d].Low) || !arithmetic.Proves(high >= read[d].High)) return false;
        }
        return true;
    }

    private static DiagnosticException TooSmall(Directive d, DependenceWitness witness, int dimension, long extent, long? enough)
    {
        var diagnostic = Diagnostic.Create(ScheduleRefusals.FoldTooSmall, d.Span, d.Loop.Name, extent, d.Loop.Name, enough);
        if (enough is null) diagnostic = diagnostic.WithHelp($"leave this line out: more than {(extent + MaxTries - 1).ToString(CultureInfo.InvariantCulture)} elements are needed");
        diagnostic = StepContext.About(StepContext.About(diagnostic, witness.First.Instance, "computed here"), witness.Second.Instance, "and read here");
        string index = d.Loop.Name[(d.Loop.Name.LastIndexOf('.') + 1)..];
        string around = string.Join(", ", witness.Around.Select(v => $"{v.Variable.Name} = {v.Value.ToString(CultureInfo.InvariantCulture)}"));
        return new(diagnostic.WithWitness(string.Create(CultureInfo.InvariantCulture,
            $"{(around.Length > 0 ? $"for {around}: " : "")}the element at {index} = {witness.Element[dimension]} of the storage is lost, iteration ({Values(witness.SecondPoint)}) reads it after iteration ({Values(witness.FirstPoint)}) has overwritten it")));

        static string Values(IEnumerable<(Var Variable, long Value)> values) => string.Join(", ", values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Variable.Name} = {v.Value}")));
    }

    // True where each statement that reads comes after the one that writes.
    private static bool WritesFirst(Stmt s, Instance writer, Buffer buffer)
    {
        switch (s)
        {
            case Allocate a: return WritesFirst(a.Body, writer, buffer);
            case LetStmt l: return WritesFirst(l.Body, writer, buffer);
            case Block b:
                var uses = b.Statements.Where(x => LoopPlace.InstancesIn(x).Any(i => i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, buffer)))).ToList();
                if (uses is [var only]) return WritesFirst(only, writer, buffer);
                return LoopPlace.InstancesIn(uses[0]).Any(i => ReferenceEquals(i, writer)) && LoopPlace.InstancesIn(uses[0]).All(i => ReferenceEquals(i, writer) || !i.Reads.Any(r => ReferenceEquals(r.Buffer, buffer)));
            default: return false;
        }
    }

    private static bool IsUnconditional(Stmt s, Instance writer) => s switch
    {
        Instance i => ReferenceEquals(i, writer),
        For f => IsUnconditional(f.Body, writer),
        Allocate a => IsUnconditional(a.Body, writer),
        LetStmt l => IsUnconditional(l.Body, writer),
        Block b => b.Statements.Any(x => IsUnconditional(x, writer)),
        _ => false,
    };

    private static (Allocate, ImmutableArray<For>)? FindAllocation(Stmt s, Buffer buffer, ImmutableArray<For> outside) => s switch
    {
        Allocate a => ReferenceEquals(a.Buffer, buffer) ? (a, outside) : FindAllocation(a.Body, buffer, outside),
        For f => FindAllocation(f.Body, buffer, outside.Add(f)),
        Block b => b.Statements.Select(x => FindAllocation(x, buffer, outside)).FirstOrDefault(x => x is not null),
        LetStmt l => FindAllocation(l.Body, buffer, outside),
        If i => FindAllocation(i.Then, buffer, outside) ?? (i.Else is null ? null : FindAllocation(i.Else, buffer, outside)),
        _ => null,
    };

    private static Stmt Replace(Stmt s, Stmt old, Stmt with) => ReferenceEquals(s, old) ? with : new Replacer(old, with).Visit(s);

    private sealed class Replacer(Stmt old, Stmt with) : Rewriter
    {
        public override Expr Visit(Expr e) => e;
        public override Stmt Visit(Stmt s) => ReferenceEquals(s, old) ? with : s is Instance ? s : base.Visit(s);
    }
}
