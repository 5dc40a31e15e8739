using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for jo { for k { for ji { C[jo * 16 + ji] += S } } }
///   →  for jo { allocate acc[16]
///        for ji { acc[ji] = 0 }
///        for k { for ji { acc[ji] += S } }
///        for ji { C[jo * 16 + ji] = acc[ji] } }
/// </code>
/// Inside the loop <c>at</c> the nest computes a tile of its own, with one element for each value of the loops there that run over elements; a
/// copy to the output ends the body. Where a reduction loop lies outside <c>at</c>, the tile starts from what the output holds, except in its
/// first iteration. The tile is computed also for points outside the instance's domain (whose reads do not happen), and only those inside are copied.
/// </summary>
public static class CacheWrite
{
    /// <param name="CopyLoops">The loops of the copy, in the order of the nest.</param>
    public sealed record Result(Stmt Nest, ImmutableArray<Buffer> Tiles, ImmutableArray<Var> CopyLoops);

    public static Result Apply(Stmt nest, string instance, Var at, MemoryScope scope)
    {
        var loops = NestPath.LoopsAround(nest, instance);
        var compute = NestPath.FindInstance(nest, instance);
        if (compute.Init is null) throw new CompilerBugException("cache_write", $"{instance} is no reduction");
        int depth = loops.Select(l => l.Variable).ToList().IndexOf(at) + 1;
        if (depth == 0) throw new CompilerBugException("cache_write", $"{at.Name} is not a loop around {instance}");
        var (outside, inside) = (loops[..depth], loops[depth..]);

        var space = new LoopSpace(compute, loops, []);
        var tileLoops = inside.Where(l => space.Point(l.Variable).Kind is IterKind.Spatial).ToImmutableArray();
        var shape = tileLoops.Select(l => NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : l.Extent).ToImmutableArray();
        var tiles = compute.Body.BuffersWritten().ToDictionary(b => b, b => new Buffer(b.Name + ".acc", b.Type, shape, BufferRole.Temporary, scope));
        var carried = outside.Where(l => space.Point(l.Variable).Kind is IterKind.Reduction).ToImmutableArray();

        var update = Update(compute, space, tileLoops, tiles);
        var initSpace = new LoopSpace(compute, loops, inside.Select(l => l.Variable));
        var init = Start(compute, initSpace, tileLoops, tiles, carried);
        var copySpace = new LoopSpace(compute, loops, inside.Select(l => l.Variable));
        var copy = Copy(compute, copySpace, tileLoops, tiles);

        var result = NestPath.ReplaceInstance(nest, instance, _ => update);
        result = NestPath.ReplaceLoop(result, at, l =>
        {
            Stmt body = Block.Of([init, l.Body, copy]);
            foreach (var tile in tiles.Values) body = new Allocate(tile, body);
            return l.WithBody(body);
        });
        return new(result, [.. tiles.Values], [.. tileLoops.Select(l => copySpace.LoopOf(l.Variable))]);
    }

    private static Instance Update(Instance compute, LoopSpace space, ImmutableArray<For> tileLoops, Dictionary<Buffer, Buffer> tiles)
    {
        var guarded = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction).Where(it => !space.Guard([it]).IsTrue).ToList();
        var guard = space.Guard(guarded);
        var variables = guarded.Select(it => it.Variable).ToHashSet();
        var safe = new StorePredication(e => Predication.Apply(e, guard, l => l.FreeVars().Any(variables.Contains)), tiles).Visit(compute.Body);
        // Predicates are over points and loads over iterations: one substitution brings both together.
        var body = space.Bind(new TileRedirection(compute.Body, tiles, TileIndices(space, tileLoops)).Visit(safe));
        var reductions = space.Guards(compute.Iterations.Where(it => it.Kind is IterKind.Reduction));
        var points = space.PointsFor([.. body.FreeVars(), .. reductions.SelectMany(it => (Expr[])[it.Start, it.End]).SelectMany(e => e.FreeVars())], p => p.Kind is IterKind.Reduction);
        return new(compute.Name, [.. points, .. reductions], Regions.Read(body), Regions.Written(body), null, body, compute.Reassociate, compute.Origin);
    }

    private static Stmt Start(Instance compute, LoopSpace space, ImmutableArray<For> tileLoops, Dictionary<Buffer, Buffer> tiles, ImmutableArray<For> carried)
    {
        var indices = TileIndices(space, tileLoops);
        var stores = new List<Stmt>();
        foreach (var s in (compute.Init is Block b ? b.Statements : [compute.Init!]).Cast<Store>())
        {
            var value = space.Bind(s.Value);
            if (!carried.IsEmpty)
            {
                var isFirst = Expr.All(carried.Select(l => Expr.Eq(space.Point(l.Variable).Variable, space.Point(l.Variable).Start)));
                var held = Expr.And(Expr.Not(isFirst), space.Guard(compute.Iterations.Where(it => it.Kind is not IterKind.Reduction)));
                value = Expr.If(isFirst, value, new Load(s.Buffer, [.. s.Indices.Select(space.Bind)], held));
            }
            stores.Add(new Store(tiles[s.Buffer], indices, value));
        }
        var body = Block.Of(stores);
        var points = space.PointsFor(body.FreeVars()).Select(p => p.Kind is IterKind.Reduction ? p with { Kind = IterKind.Spatial } : p);
        return space.Wrap(tileLoops, new Instance(compute.Name + ".init", [.. points], Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin));
    }

    private static Stmt Copy(Instance compute, LoopSpace space, ImmutableArray<For> tileLoops, Dictionary<Buffer, Buffer> tiles)
    {
        var indices = TileIndices(space, tileLoops);
        var body = Block.Of((compute.Init is Block b ? b.Statements : [compute.Init!]).Cast<Store>().Select(s => new Store(s.Buffer, s.Indices, new Load(tiles[s.Buffer], indices))));
        var renamed = tileLoops.ToDictionary(l => l.Variable, l => (Expr)space.LoopOf(l.Variable));
        var spatial = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction).Select(it => it with { Binding = it.Binding.Substitute(renamed) });
        return space.Wrap(tileLoops, new Instance(compute.Name + ".copy", [.. spatial, .. tileLoops.Select(l => space.Point(l.Variable))],
            Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin));
    }

    private static ImmutableArray<Expr> TileIndices(LoopSpace space, ImmutableArray<For> tileLoops) =>
        [.. tileLoops.Select(l => space.Point(l.Variable).Variable - space.Point(l.Variable).Start)];

    private sealed class StorePredication(Func<Expr, Expr> predicate, Dictionary<Buffer, Buffer> tiles) : Rewriter
    {
        public override Expr Visit(Expr e) => predicate(e);

        protected override Stmt VisitStore(Store s) =>
            tiles.ContainsKey(s.Buffer) ? new Store(s.Buffer, s.Indices, Visit(s.Value), s.Predicate, s.NonTemporal, s.Origin) : base.VisitStore(s);
    }

    // Only the element that is computed is in the tile: a recurrence also reads others, which earlier iterations have written.
    private sealed class TileRedirection(Stmt body, Dictionary<Buffer, Buffer> tiles, ImmutableArray<Expr> indices) : Rewriter
    {
        private readonly Dictionary<Buffer, ImmutableArray<Expr>> _computed = StoresOf(body).DistinctBy(s => s.Buffer).ToDictionary(s => s.Buffer, s => s.Indices);

        protected override Expr VisitLoad(Load l) =>
            _computed.TryGetValue(l.Buffer, out var element) && element.SequenceEqual(l.Indices, StructuralComparer.Instance) ? new Load(tiles[l.Buffer], indices) : base.VisitLoad(l);

        protected override Stmt VisitStore(Store s) =>
            tiles.TryGetValue(s.Buffer, out var tile) ? new Store(tile, indices, Visit(s.Value), null, false, s.Origin) : base.VisitStore(s);

        private static IEnumerable<Store> StoresOf(Stmt s) => s switch
        {
            Store t => [t],
            Block b => b.Statements.SelectMany(StoresOf),
            LetStmt l => StoresOf(l.Body),
            _ => [],
        };
    }
}
