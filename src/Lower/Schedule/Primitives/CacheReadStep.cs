using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for ko { for ki { S(A[ko * 8 + ki]) } }
///   →  for ko { allocate P[8]; for k in 0..8 { P[k] = A[ko * 8 + k] (0 outside of A) }
///        for ki { S(P[ki]) } }                                       P = A.cache_read(at = ko)
///   →  for k in 0..ceil(K / 8) * 8 { P[k] = A[k] (0 outside of A) }
///      for ko { for ki { S(P[ko * 8 + ki]) } }                       P = A.cache_read(at = root)
/// </code>
/// What the reads of a tensor touch while a loop's body runs once is copied into a buffer at its start, and the reads take it from there. A box is copied: the tail of
/// a split may reach beyond the tensor, where the copy holds 0, or the value of the reads' <c>??</c> if they agree in it, so that reads of the copy need no
/// condition. A layout is proved to be one-to-one. It is legal where nothing writes the tensor while the loop's nest runs: then both hold the same. A
/// shared cache reaches over all threads of the block around; <see cref="Cooperative"/> lets them fill it together.
/// </summary>
public static class CacheReadStep
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var buffer = state.FindBuffer(d.Stage) ?? throw StepContext.Refuse(ScheduleRefusals.StageGone, d.Span, d.Stage.Name);
        var at = d["at"] is LoopValue { Loop: var handle } ? context.Place(state, handle, d.SpanOf("at")) : null;
        string place = at is null ? "root" : ((LoopValue)d["at"]!).Loop.Name;
        var scope = ScopeOf(d, at, place);
        if (scope is MemoryScope.Shared) DeviceSteps.RequireDevice(state, d, "`shared` memory");
        if (buffer.Packed is not null) throw Refuse(d, place, "several of its elements lie in one byte", "unpack it into a tensor of its own, and cache that");
        if (buffer.Shape.IsEmpty) throw Refuse(d, place, "it has one element", "leave this line out");
        if (HasGaps(state, buffer)) throw Refuse(d, place, "its layout has places that no element lies in", "write this line before `layout`");
        return at is null ? AtRoot(state, d, context, buffer, "root") : AtLoop(state, d, context, buffer, at, place, scope);
    }

    // Elements in digits: the last of them may end before its places do, and a box of places is copied whole.
    private static bool HasGaps(ScheduleState state, Buffer buffer) =>
        buffer.Role is BufferRole.Temporary && state.Nests.Writers(buffer).Any(n => DigitStores.To(buffer, state.Nests[n]));

    private sealed class DigitStores(Buffer buffer) : Walker
    {
        private bool _found;

        public static bool To(Buffer buffer, Stmt nest)
        {
            var stores = new DigitStores(buffer);
            stores.Visit(nest);
            return stores._found;
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t && ReferenceEquals(t.Buffer, buffer)) _found |= t.Indices.Any(i => i is Binary { Op: BinaryOp.Div });
            base.Visit(s);
        }
    }

    private static MemoryScope ScopeOf(Directive d, LoopPlace? at, string place)
    {
        string? word = d.Word("memory");
        if (at is null)
            return word is null or "global" ? MemoryScope.Global : throw Refuse(d, place, $"`{word}` memory belongs to one agent, and everything reads what is cached at root", "leave `memory` out, or cache it at a loop", "memory");
        return word switch { "global" => MemoryScope.Global, "register" => MemoryScope.Register, "shared" => MemoryScope.Shared, _ => MemoryScope.Local };
    }

    /// <summary>A parameter in another layout: a copy that all readers use.</summary>
    internal static StepResult Packed(ScheduleState state, Directive d, StepContext context, Buffer buffer)
    {
        if (buffer.Packed is not null) throw Refuse(d, "root", "several of its elements lie in one byte", "unpack it into a tensor of its own, and lay that out");
        if (buffer.Shape.IsEmpty) throw Refuse(d, "root", "it has one element", "leave this line out");
        return AtRoot(state, d, context, buffer, "root");
    }

    private static StepResult AtRoot(ScheduleState state, Directive d, StepContext context, Buffer buffer, string place)
    {
        var readers = state.Nests.Order.Where(state.Nests.Readers(buffer).Contains).Where(n => state.Nests.Instances(n).Any(i => ReadBox.ReadsOf(i, buffer).Count > 0)).ToList();
        if (readers.Count == 0) return StepResult.WithoutEffect(state, $"nothing reads `{d.Stage.Name}`");
        RequireComplete(state, d, buffer, readers, place);
        var dims = state.Function.Dims.Select(x => x.Variable).ToArray();
        // Of all nests together: their loops all run.
        var box = ReadBox.Of(Block.Of(readers.Select(n => state.Nests[n])), buffer, _ => true, [], dims)!;
        var plan = new CachePlan(state, d, context, buffer, box, MemoryScope.Global, place);
        state = state with { Nests = state.Nests.InsertBefore(readers[0], plan.Fill([])) };
        foreach (int n in readers) state = state.Replace(n, plan.Redirect(state.Nests[n], []));
        return Finish(state.AddTemporary(plan.Cache), d, plan, readers.SelectMany(n => state.Nests.Instances(n)));
    }

    private static StepResult AtLoop(ScheduleState state, Directive d, StepContext context, Buffer buffer, LoopPlace at, string place, MemoryScope scope)
    {
        if (!at.Instances.Any(i => ReadBox.ReadsOf(i, buffer).Count > 0)) return StepResult.WithoutEffect(state, $"nothing in `{place}` reads `{d.Stage.Name}`");
        RequireComplete(state, d, buffer, [at.Nest], place);
        if (at.Around.Add(at.Loop).FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes)
            throw Refuse(d, place, $"the iterations of `{Names.Of(state, lanes.Variable)}` are lanes of a vector", "take a loop outside of the vector", "at");
        if (scope is MemoryScope.Shared && LoopPlace.LoopsIn(at.Loop.Body).FirstOrDefault(f => f.Kind is LoopKind.Bound && !IsThread(f)) is { } block)
            throw Refuse(d, place, $"`{Names.Of(state, block.Variable)}`, inside of it, runs over blocks, and shared memory belongs to one", $"cache it inside of `{Names.Of(state, block.Variable)}`", "at");
        var around = at.Around.Add(at.Loop);
        // Threads that share a cache fill it for all of them, before the outermost of them starts its own work.
        int firstThread = scope is MemoryScope.Shared ? IndexOf(around, IsThread) : -1;
        bool Runs(For f) => !around.Contains(f) || scope is MemoryScope.Shared && IsThread(f);
        var dims = state.Function.Dims.Select(x => x.Variable).ToArray();
        var box = ReadBox.Of(at.Loop.Body, buffer, Runs, around, dims)!;
        var plan = new CachePlan(state, d, context, buffer, box, scope, place);
        var nest = state.Nests[at.Nest];
        if (firstThread < 0)
            nest = NestPath.ReplaceLoop(nest, at.Loop.Variable, l => l.WithBody(new Allocate(plan.Cache, Block.Of([plan.Fill(around), plan.Redirect(l.Body, around)]))));
        else
        {
            DeviceSteps.RequireEveryThread(at, around[firstThread..], d);
            nest = NestPath.ReplaceLoop(nest, at.Loop.Variable, l => l.WithBody(Block.Of([
                plan.Fill(around, f => IsThread(f)), DeviceSteps.Barrier(plan.Cache), plan.Redirect(l.Body, around), DeviceSteps.Barrier(plan.Cache)])));
            nest = NestPath.ReplaceLoop(nest, around[firstThread].Variable, l => new Allocate(plan.Cache, l));
        }
        return Finish(state.Replace(at.Nest, nest), d, plan, at.Instances);
    }

    private static StepResult Finish(ScheduleState state, Directive d, CachePlan plan, IEnumerable<Instance> readers) =>
        new((d.Results.IsEmpty ? state : state.With(d.ResultStage(0), plan.Name)).Touch(readers.Select(i => i.Name).Append(plan.Name)), plan.Evidence & Evidence.Proved("the copy holds what is read"));

    internal static bool IsThread(For f) => f.Kind is LoopKind.Bound && f.Axis!.StartsWith("thread", StringComparison.Ordinal);

    private static int IndexOf(ImmutableArray<For> loops, Func<For, bool> test)
    {
        for (int n = 0; n < loops.Length; n++)
            if (test(loops[n])) return n;
        return -1;
    }

    // All that is written has been written before the first of these nests runs, and every element of the tensor has.
    private static void RequireComplete(ScheduleState state, Directive d, Buffer buffer, List<int> nests, string place)
    {
        var writers = state.Nests.Writers(buffer);
        foreach (int n in writers)
        {
            var writer = state.Nests.Instances(n).First(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer)));
            string? why = nests.Contains(n) ? $"`{writer.Name}`, in the same nest, writes it" : state.Nests.Order.IndexOf(n) > state.Nests.Order.IndexOf(nests[0]) ? $"`{writer.Name}` writes it later" : null;
            if (why is null && buffer.Role is BufferRole.Temporary && state.Nests.Instances(n).Any(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer) && !IsBox(i, r))))
                why = $"`{writer.Name}` leaves elements out, and a copy takes whole boxes";
            if (why is not null)
                throw new DiagnosticException(StepContext.About(Refuse(d, place, why, "cache what is not written there").Diagnostics[0], writer, "written here"));
        }
    }

    // Each index is an iteration of its own with a range of its own, shifted perhaps: together they are a box. What several equations write covers the tensor.
    private static bool IsBox(Instance i, Region written)
    {
        if (i.Iterations.Any(it => it.Start.FreeVars().Concat(it.End.FreeVars()).Any(v => i.Iterations.Any(o => ReferenceEquals(o.Variable, v))))) return false;
        var used = new HashSet<Var>();
        foreach (var e in written.Start)
        {
            var own = e.FreeVars().Where(v => i.Iterations.Any(it => ReferenceEquals(it.Variable, v))).ToList();
            if (own.Count > 1 || own.Count == 1 && (!used.Add(own[0]) || Math.Abs(AccessStrides.Coefficient(e, own[0]) ?? 0) != 1)) return false;
        }
        return true;
    }

    internal static DiagnosticException Refuse(Directive d, string place, string why, string help, string? parameter = null) =>
        StepContext.Refuse(ScheduleRefusals.CacheNotLegal, parameter is null ? d.Span : d.SpanOf(parameter), d.Stage.Name, place, why, help);
}
