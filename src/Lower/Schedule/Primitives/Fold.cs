using System.Collections.Immutable;
using System.Globalization;
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
/// allocate P[34, N]  for yi { P[y, x] = …   C(P[yi, x], P[yi + 2, x]) }   →   allocate P[4, N]  for yi { P[y % 4, x] = …   C(P[yi % 4, x], P[(yi + 2) % 4, x]) }
/// </code>
/// Storage of a dimension becomes a ring. In each iteration of the loop that holds the writes and the reads, writes come first; the last index that is
/// written never moves backwards; and from the lowest index that is read or written there to the last one written there are no more than the ring has
/// elements. So whatever overwrites an element that is still read would lie behind the last index written.
/// </summary>
public static class Fold
{
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
        if (FindAllocation(state.Nests[number], buffer, []) is not var (allocation, outside))
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "fold", name, $"`{handle.Name}` is stored whole, at root",
                $"compute it in a loop and store it in one: `{handle.Name}.compute_at(…, store_at = …)`"), writer, "computed here"));
        if (buffer.Shape[dimension] is IntImm held && held.Value <= extent) return StepResult.WithoutEffect(state, $"storage of `{name}` has {held.Value} elements");

        var (needed, at, box) = Needed(state, allocation, outside, writer, buffer, dimension, d);
        if (needed > extent) throw TooSmall(state, d, writer, at, box, extent, needed);

        var ring = new Buffer(buffer.Name, buffer.Type, buffer.Shape.SetItem(dimension, Expr.Index(extent)), buffer.Role, buffer.Scope, buffer.Layout, buffer.Device, buffer.Memory);
        var body = Redirection.Apply(allocation.Body, outside, new Dictionary<Buffer, Buffer> { [buffer] = ring }, (_, indices, _) => indices.SetItem(dimension, indices[dimension] % extent));
        var nest = Replace(state.Nests[number], allocation, new Allocate(ring, body, allocation.Origin));
        return new(state.Replace(number, nest).Touch(writer.Name), Evidence.Proved($"no more than {needed.ToString(CultureInfo.InvariantCulture)} elements are needed at a time"));
    }

    // The elements that a ring must have, the loop that holds writes and reads, and what is needed there.
    private static (long Needed, LoopPlace At, (Expr Low, Expr High) Box) Needed(ScheduleState state, Allocate allocation, ImmutableArray<For> outside, Instance writer, Buffer buffer, int dimension, Directive d)
    {
        var users = LoopPlace.InstancesIn(allocation.Body).Where(i => i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, buffer))).ToList();
        if (users.Exists(i => i.Name != writer.Name && i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer)))) throw NotDecided("several instances write it");
        if (users.Count < 2) throw NotDecided("nothing reads it");
        var loops = users.Select(i => NestPath.LoopsAround(allocation.Body, i.Name)).ToList();
        var between = loops[0].TakeWhile((l, n) => loops.TrueForAll(o => n < o.Length && ReferenceEquals(o[n].Variable, l.Variable))).ToImmutableArray();
        int number = state.Nests.FindNest(writer.Name)!.Value;
        if (between.IsEmpty) throw NotDecided($"`{Names.Of(state, outside[^1].Variable)}`, where it is stored, is where it is computed");
        if (between.Any(l => l.Kind is not (LoopKind.Serial or LoopKind.Unrolled))) throw NotDecided("its iterations do not run in order");
        var at = between[^1];
        if (!WritesFirst(at.Body, writer, buffer)) throw NotDecided("an iteration reads before it writes");

        var arithmetic = new BoxArithmetic(state.Function.Dims.Select(x => x.Variable), [.. outside, .. between]);
        var own = loops[users.FindIndex(i => i.Name == writer.Name)][between.Length..];
        var written = Stores.In(writer)[0].Indices[dimension].Substitute(writer.Iterations.ToDictionary(it => it.Variable, it => it.Binding));
        var read = Box.OfReads(at.Body, [buffer], arithmetic)[dimension];
        if (arithmetic.End(written, own, false) is not { } first || arithmetic.End(written, own, true) is not { } last) throw NotDecided("which elements are written is not known");
        var low = arithmetic.Lower(first, read.Low);
        if (!SlidingWindow.MovesForward(last, between, arithmetic)) throw NotDecided("the elements that are written do not only move forward");
        if (arithmetic.Length(low, last, out _) is not IntImm needed) throw NotDecided("how many elements are needed at a time is not known");
        return (needed.Value, LoopPlace.Find(state.Nests[number], at.Variable, number), (low, last));

        DiagnosticException NotDecided(string why) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, $"{d.Loop.Name}.fold", why, "leave this line out"), writer, "computed here"));
    }

    private static DiagnosticException TooSmall(ScheduleState state, Directive d, Instance writer, LoopPlace at, (Expr Low, Expr High) box, long extent, long needed)
    {
        var diagnostic = StepContext.About(Diagnostic.Create(ScheduleRefusals.FoldTooSmall, d.Span, d.Loop.Name, extent, d.Loop.Name, needed), writer, "computed here");
        // In the first iteration of all loops, if that already needs too many.
        var start = new Dictionary<Var, Expr>();
        foreach (var l in at.Around.Add(at.Loop)) start[l.Variable] = Simplify.Simplifier.Simplify(l.Min.Substitute(start));
        if (Simplify.Simplifier.Simplify(box.Low.Substitute(start)) is IntImm low && Simplify.Simplifier.Simplify(box.High.Substitute(start)) is IntImm high && high.Value - low.Value >= extent)
        {
            string Element(long n) => $"{d.Loop.Name[(d.Loop.Name.LastIndexOf('.') + 1)..]} = {n.ToString(CultureInfo.InvariantCulture)}";
            string iteration = string.Join(", ", at.Around.Add(at.Loop).Select(l => $"{Names.Of(state, l.Variable)} = {start[l.Variable]}"));
            diagnostic = diagnostic with { Witness = $"at {iteration}, the element at {Element(low.Value)} is lost: the one at {Element(low.Value + extent)} has its place" };
        }
        return new(diagnostic);
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
