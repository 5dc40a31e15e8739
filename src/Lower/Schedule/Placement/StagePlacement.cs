using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Placement;

/// <summary>Where a stage was placed, and how to undo it.</summary>
/// <param name="Original">Its nest at root.</param>
/// <param name="Nest">Its nest inside of <paramref name="At"/>.</param>
/// <param name="Store">The loop that its storage lives in; null: root.</param>
/// <param name="Storage">What it writes there, for each of its buffers, with the first index of each dimension over loops.</param>
public sealed record PlacedStage(Stmt Original, Stmt Nest, Var At, Var? Store, ImmutableArray<(Buffer Original, Buffer Local)> Storage, ImmutableArray<Expr> Base);

/// <summary>Moves a stage's nest into a loop of the nest that reads it.</summary>
internal static class StagePlacement
{
    /// <summary>Puts a stage of a nest of its own into a loop; the caller has made sure that all its readers are there.</summary>
    /// <param name="store">The loop around <paramref name="at"/>, or this loop itself, that the storage lives in; null: root.</param>
    public static (ScheduleState State, bool Slides) Place(ScheduleState state, PlainStage stage, LoopPlace at, Var? store, Func<int, DiagnosticException> notWhole)
    {
        var dims = state.Function.Dims.Select(d => d.Variable).ToList();
        var around = at.Around.Add(at.Loop);
        int depth = store is null ? 0 : around.ToList().FindIndex(l => ReferenceEquals(l.Variable, store)) + 1;
        var (outside, between) = (around[..depth], around[depth..]);
        var arithmetic = new BoxArithmetic(dims, around);
        var box = Box.OfReads(at.Loop.Body, stage.Buffers, arithmetic);
        for (int d = 0; d < box.Length; d++)
            if (!box[d].IsWhole && stage.Dimensions[d].Loop is null) throw notWhole(d);

        // The box that the storage holds: of everything that is computed while it lives.
        var storage = new BoxArithmetic(dims, outside);
        var shape = stage.Buffers[0].Shape;
        var held = box.Select((b, d) => b.IsWhole || storage.End(b.Low, between, false) is not { } low || storage.End(b.High, between, true) is not { } high
            ? BoxDimension.Whole(shape[d]) : Box.Of(low, high, shape[d], storage)).ToImmutableArray();

        bool isSlidable = !at.Path.SkipWhile(s => store is not null && !(s is For f && ReferenceEquals(f.Variable, store))).Any(s => s is If);
        var ownLoops = stage.Loops.Select(l => l.Variable).ToHashSet();
        var computed = isSlidable ? SlidingWindow.Apply(box, between, arithmetic, d => stage.Dimensions[d].Loop is { } l && !l.Min.UsesAny(ownLoops.Contains) && !l.Extent.UsesAny(ownLoops.Contains)) : box;

        var nest = Ranges(stage, box, computed, arithmetic);
        // At root the buffers stay what they are.
        if (store is null || stage.Buffers.Any(b => b.Role is not BufferRole.Temporary)) held = [.. shape.Select(BoxDimension.Whole)];
        bool isLocal = store is not null && stage.Buffers.All(b => b.Role is BufferRole.Temporary);
        var locals = isLocal ? stage.Buffers.ToImmutableDictionary(b => b, b => new Buffer(b.Name, b.Type, [.. held.Select(h => h.Length)], BufferRole.Temporary, MemoryScope.Local))
            : ImmutableDictionary<Buffer, Buffer>.Empty;
        ImmutableArray<Expr> starts = [.. held.Select(h => h.Low)];

        Stmt? placedNest = null;
        var consumer = NestPath.ReplaceLoop(state.Nests[at.Nest], at.Loop.Variable, l =>
        {
            placedNest = Redirect(nest, around);
            return l.WithBody(Block.Of(placedNest, Redirect(l.Body, around)));
        });
        if (isLocal)
            consumer = NestPath.ReplaceLoop(consumer, store!, l => l.WithBody(stage.Buffers.Reverse().Aggregate(l.Body, (body, b) => new Allocate(locals[b], body))));

        state = state with { Nests = state.Nests.Remove(stage.Nest).Replace(at.Nest, consumer) };
        if (isLocal) foreach (var b in stage.Buffers) state = state.RemoveTemporary(b);
        var placed = new PlacedStage(RootNest(stage), placedNest!, at.Loop.Variable, store, [.. stage.Buffers.Select(b => (b, locals.GetValueOrDefault(b, b)))], starts);
        return (state with { Placed = state.Placed.SetItem(stage.Instance.Name, placed) }, !computed.SequenceEqual(box));

        Stmt Redirect(Stmt s, ImmutableArray<For> loops) => locals.IsEmpty ? s
            : Redirection.Apply(s, loops, locals, (_, indices, points) => [.. indices.Select((x, d) => starts[d].IsConstant(0) ? x : Simplify.Simplifier.Simplify(x - points.Of(starts[d])))]);
    }

    private static Stmt RootNest(PlainStage stage) => stage.Loops.Reverse().Aggregate((Stmt)stage.Instance, (body, l) => l.WithBody(body));

    // The nest over the box: a loop's variable stays the value of its index, so that whatever depends on it stays right.
    private static Stmt Ranges(PlainStage stage, ImmutableArray<BoxDimension> box, ImmutableArray<BoxDimension> computed, BoxArithmetic arithmetic)
    {
        Stmt nest = stage.Instance;
        foreach (var l in stage.Loops.Reverse())
        {
            int d = stage.Dimensions.ToList().FindIndex(x => ReferenceEquals(x.Loop?.Variable, l.Variable));
            if (d < 0 || computed[d].IsWhole)
            {
                nest = l.WithBody(nest);
                continue;
            }
            var (low, high) = (computed[d].Low, computed[d].High);
            var extent = ReferenceEquals(computed[d], box[d]) && LinearForm.Of(high - low + 1) is { IsConstant: true, Constant: var n } ? Expr.Index(n) : Positive(high + 1 - low, arithmetic);
            nest = new For(l.Variable, arithmetic.Simplify(low - stage.Dimensions[d].Shift), extent, l.Kind, nest, l.Axis, l.Origin);
        }
        return nest;
    }

    private static Expr Positive(Expr extent, BoxArithmetic arithmetic) => extent is IntImm n ? Expr.Index(Math.Max(0, n.Value)) : arithmetic.Proves(extent >= 0) ? extent : Expr.Max(Expr.Index(0), extent);

    /// <summary>Puts a placed stage back to root; null where steps have changed what was placed.</summary>
    public static ScheduleState? Undo(ScheduleState state, string instance)
    {
        if (!state.Placed.TryGetValue(instance, out var placed) || state.Nests.FindNest(instance) is not { } number) return null;
        var nest = state.Nests[number];
        // A stage that it reads may have been placed in the same nest since.
        if (placed.Original.BuffersRead().Except(placed.Storage.Select(s => s.Original)).Any(b => state.Nests.Writers(b).Contains(number) || !state.Function.Parameters.Contains(b) && !state.Function.Temporaries.Contains(b))) return null;
        var locals = placed.Storage.Where(s => !ReferenceEquals(s.Original, s.Local)).ToDictionary(s => s.Local, s => s.Original);
        var remover = new Removal(placed.Nest, [.. locals.Keys]);
        var rest = remover.Visit(nest);
        if (!remover.IsComplete) return null;
        var starts = placed.Base;
        // What the first indices are made from must still be there, and be what it was.
        var loops = LoopPlace.LoopsIn(nest).Select(l => l.Variable).Concat(state.Function.Dims.Select(d => d.Variable)).ToHashSet();
        if (starts.Any(s => s.UsesAny(v => !loops.Contains(v)))) return null;
        rest = Redirection.Apply(rest, [], locals, (_, indices, points) => [.. indices.Select((x, d) => starts[d].IsConstant(0) ? x : Simplify.Simplifier.Simplify(x + points.Of(starts[d])))]);
        state = state with { Nests = state.Nests.Replace(number, rest).InsertBefore(number, placed.Original), Placed = state.Placed.Remove(instance) };
        foreach (var original in locals.Values) state = state.AddTemporary(original);
        return state;
    }

    // Takes a statement out, and allocations around what stays.
    private sealed class Removal(Stmt statement, ImmutableArray<Buffer> buffers) : Rewriter
    {
        private bool _found;
        private int _allocations;
        public bool IsComplete => _found && _allocations == buffers.Length;

        public override Expr Visit(Expr e) => e;

        public override Stmt Visit(Stmt s)
        {
            if (ReferenceEquals(s, statement))
            {
                _found = true;
                return Block.Empty;
            }
            if (s is Instance) return s;
            if (s is Allocate a && buffers.Contains(a.Buffer))
            {
                _allocations++;
                return Visit(a.Body);
            }
            return base.Visit(s);
        }
    }
}
