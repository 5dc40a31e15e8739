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
/// first iteration; where such a loop may run no time at all, the output gets its initial value before it. The tile is computed also for points outside the
/// instance's domain (whose reads do not happen, if they may lie outside of a tensor or before what is written), and only those inside are copied. A definition without a reduction has no start.
/// </summary>
public static class CacheWrite
{
    /// <param name="TileLoops">The loops that compute the tile, in the order of the nest.</param>
    /// <param name="StartLoops">Those that start it, one for each of <paramref name="TileLoops"/>.</param>
    /// <param name="CopyLoops">Those of the copy, one for each of <paramref name="TileLoops"/>.</param>
    public sealed record Result(Stmt Nest, ImmutableArray<Buffer> Tiles, ImmutableArray<Var> TileLoops, ImmutableArray<Var> StartLoops, ImmutableArray<Var> CopyLoops);

    /// <param name="dims">The function's dimensions; loops over them may run no time at all. Null where all loops of the reduction outside <paramref name="at"/> run.</param>
    /// <param name="name">The name of the instances and tiles that are made, from one that says what they are: <c>C.copy</c>, <c>C.init</c>, <c>C.acc</c>.</param>
    /// <param name="layout">Of the loops inside <paramref name="at"/> that run over elements; null: the tile lies in their order.</param>
    internal static Result Apply(Stmt nest, string instance, Var at, MemoryScope scope, IReadOnlyCollection<Var>? dims = null, Func<string, string>? name = null, TileLayout? layout = null)
    {
        name ??= n => n;
        var loops = NestPath.LoopsAround(nest, instance);
        var compute = NestPath.FindInstance(nest, instance);
        if (compute.Init is null && compute.HasReduction) throw new CompilerBugException("cache_write", $"the start of {instance} stands elsewhere");
        int depth = loops.Select(l => l.Variable).ToList().IndexOf(at) + 1;
        if (depth == 0) throw new CompilerBugException("cache_write", $"{at.Name} is not a loop around {instance}");
        var (outside, inside) = (loops[..depth], loops[depth..]);

        var space = new LoopSpace(compute, loops, []);
        var tileLoops = inside.Where(l => space.Point(l.Variable).Kind is IterKind.Spatial).ToImmutableArray();
        var shape = layout?.Layout.Shape ?? tileLoops.Select(l => NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : l.Extent).ToImmutableArray();
        var tiles = compute.Body.BuffersWritten().ToDictionary(b => b, b => new Buffer(name(b.Name + ".acc"), b.Type, shape, BufferRole.Temporary, scope));
        var carried = outside.Where(l => space.Point(l.Variable).Kind is IterKind.Reduction).ToImmutableArray();

        ImmutableArray<Expr> IndicesIn(LoopSpace s) => TileIndices(s, tileLoops, layout);
        var update = Update(compute, space, IndicesIn(space), tiles, WrittenInPart(nest));
        var initSpace = new LoopSpace(compute, loops, inside.Select(l => l.Variable));
        var init = compute.Init is null ? Block.Empty : Start(compute, initSpace, tileLoops, IndicesIn(initSpace), tiles, carried, name(compute.Name + ".init"));
        var copySpace = new LoopSpace(compute, loops, inside.Select(l => l.Variable));
        var copy = Copy(compute, copySpace, tileLoops, IndicesIn(copySpace), tiles, name(compute.Name + ".copy"));

        var result = NestPath.ReplaceInstance(nest, instance, _ => update);
        result = NestPath.ReplaceLoop(result, at, l =>
        {
            Stmt body = Block.Of([init, l.Body, copy]);
            foreach (var tile in tiles.Values) body = new Allocate(tile, body);
            return l.WithBody(body);
        });
        if (dims is not null && !carried.IsEmpty && EmptyCase(carried, dims) is { } isEmpty)
            result = NestPath.ReplaceLoop(result, carried[0].Variable, l => Block.Of(new If(isEmpty, StartWithoutTile(compute, loops, l, name(compute.Name + ".start")), null, compute.Origin), l));
        return new(result, [.. tiles.Values], [.. tileLoops.Select(l => l.Variable)], [.. tileLoops.Select(l => initSpace.LoopOf(l.Variable))], [.. tileLoops.Select(l => copySpace.LoopOf(l.Variable))]);
    }

    // "The reduction has no iterations", where that may be so.
    private static Expr? EmptyCase(ImmutableArray<For> carried, IEnumerable<Var> dims)
    {
        var context = new RangeContext();
        foreach (var d in dims) context.Bind(d, ConstInterval.NonNegative);
        var empty = carried.Where(l => context.IntervalOf(l.Extent).Min < 1).Select(l => l.Extent <= 0).ToList();
        return empty.Count == 0 ? null : empty.Aggregate(Expr.Or);
    }

    private static Stmt StartWithoutTile(Instance compute, ImmutableArray<For> loops, For outermost, string name)
    {
        ImmutableArray<For> inside = [.. loops.SkipWhile(l => !ReferenceEquals(l.Variable, outermost.Variable))];
        var space = new LoopSpace(compute, loops, inside.Select(l => l.Variable));
        var elements = inside.Where(l => space.Point(l.Variable).Kind is not IterKind.Reduction).ToList();
        var renamed = elements.ToDictionary(l => l.Variable, l => (Expr)space.LoopOf(l.Variable));
        var spatial = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction)
            .Select(it => it with { Variable = Var.Index(it.Variable.Name), Binding = it.Binding.Substitute(renamed) }).ToImmutableArray();
        var fresh = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction).Zip(spatial).ToDictionary(p => p.First.Variable, p => (Expr)p.Second.Variable);
        var body = compute.Init!.Substitute(fresh);
        spatial = [.. spatial.Select(it => it with { Start = it.Start.Substitute(fresh), End = it.End.Substitute(fresh) })];
        return space.Wrap(elements, new Instance(name, spatial, Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin));
    }

    // What is computed in the nest, which may be for points of the domain alone; a copy of a box that is made for all values of the loops around has all of it.
    private static HashSet<Buffer> WrittenInPart(Stmt nest)
    {
        var found = new HashSet<Buffer>();
        Visit(nest);
        return found;

        void Visit(Stmt s)
        {
            switch (s)
            {
                case Block b: foreach (var x in b.Statements) Visit(x); break;
                case For f: Visit(f.Body); break;
                case LetStmt l: Visit(l.Body); break;
                case Allocate a: Visit(a.Body); break;
                case If i:
                    Visit(i.Then);
                    if (i.Else is not null) Visit(i.Else);
                    break;
                case Instance i when i.Origin?.Equation is not null || !new LoopSpace(i, NestPath.LoopsAround(nest, i.Name), []).Guard(i.Iterations).IsTrue:
                    found.UnionWith(i.Writes.Select(w => w.Buffer));
                    break;
            }
        }
    }

    private static Instance Update(Instance compute, LoopSpace space, ImmutableArray<Expr> indices, Dictionary<Buffer, Buffer> tiles, HashSet<Buffer> inPart)
    {
        var guarded = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction).Where(it => !space.Guard([it]).IsTrue).ToList();
        var guards = Together(guarded).Select(part => (Guard: space.Guard(part), Variables: Depending(compute.Iterations, part))).ToList();
        // What a read does not depend on cannot bring it outside.
        var safe = new StorePredication(e => guards.Aggregate(e, (x, part) => Predication.Apply(x, part.Guard, l => inPart.Contains(l.Buffer) || l.FreeVars().Any(part.Variables.Contains))), tiles).Visit(compute.Body);
        // Predicates are over points and loads over iterations: one substitution brings both together.
        var body = space.Bind(new TileRedirection(compute.Body, tiles, indices).Visit(safe));
        var reductions = space.Guards(compute.Iterations.Where(it => it.Kind is IterKind.Reduction));
        var points = space.PointsFor([.. body.FreeVars(), .. reductions.SelectMany(it => (Expr[])[it.Start, it.End]).SelectMany(e => e.FreeVars())], p => p.Kind is IterKind.Reduction);
        return new(compute.Name, [.. points, .. reductions], Regions.Read(body), Regions.Written(body), null, body, compute.Reassociate, compute.Origin);
    }

    // The variables of a part, and those whose range is about them: where `i` is past its end, so may be a `t` in 0..i + 1.
    private static HashSet<Var> Depending(ImmutableArray<IterVar> iterations, List<IterVar> part)
    {
        var found = part.Select(it => it.Variable).ToHashSet();
        while (iterations.FirstOrDefault(it => !found.Contains(it.Variable) && (it.Start.UsesAny(found.Contains) || it.End.UsesAny(found.Contains))) is { } it) found.Add(it.Variable);
        return found;
    }

    // Iterations in parts that do not mention each other.
    private static List<List<IterVar>> Together(IEnumerable<IterVar> iterations)
    {
        var parts = new List<List<IterVar>>();
        foreach (var it in iterations)
        {
            var mentioned = it.Start.FreeVars().Concat(it.End.FreeVars()).Concat(it.Binding.FreeVars()).Append(it.Variable).ToHashSet();
            var own = parts.Where(p => p.Exists(x => mentioned.Contains(x.Variable) || x.Start.UsesAny(v => ReferenceEquals(v, it.Variable)) || x.End.UsesAny(v => ReferenceEquals(v, it.Variable)) || x.Binding.FreeVars().Any(mentioned.Contains))).ToList();
            parts.RemoveAll(own.Contains);
            parts.Add([.. own.SelectMany(p => p), it]);
        }
        return parts;
    }

    private static Stmt Start(Instance compute, LoopSpace space, ImmutableArray<For> tileLoops, ImmutableArray<Expr> indices, Dictionary<Buffer, Buffer> tiles, ImmutableArray<For> carried, string name)
    {
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
        return space.Wrap(tileLoops, new Instance(name, [.. points], Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin));
    }

    private static Stmt Copy(Instance compute, LoopSpace space, ImmutableArray<For> tileLoops, ImmutableArray<Expr> indices, Dictionary<Buffer, Buffer> tiles, string name)
    {
        var body = Block.Of(StoresOf(compute.Init ?? compute.Body).Select(s => new Store(s.Buffer, s.Indices, new Load(tiles[s.Buffer], indices))));
        var renamed = tileLoops.ToDictionary(l => l.Variable, l => (Expr)space.LoopOf(l.Variable));
        var spatial = compute.Iterations.Where(it => it.Kind is not IterKind.Reduction).Select(it => it with { Binding = it.Binding.Substitute(renamed) });
        return space.Wrap(tileLoops, new Instance(name, [.. spatial, .. space.PointsFor(tileLoops.Select(l => space.Point(l.Variable).Variable))],
            Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin));
    }

    private static ImmutableArray<Expr> TileIndices(LoopSpace space, ImmutableArray<For> tileLoops, TileLayout? layout)
    {
        ImmutableArray<Expr> relative = [.. tileLoops.Select(l => space.Point(l.Variable).Variable - space.Point(l.Variable).Start)];
        return layout?.At(tileLoops.Select(l => space.Point(l.Variable)), relative) ?? relative;
    }

    private static IEnumerable<Store> StoresOf(Stmt s) => s switch
    {
        Store t => [t],
        Block b => b.Statements.SelectMany(StoresOf),
        LetStmt l => StoresOf(l.Body),
        _ => [],
    };

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
    }
}
