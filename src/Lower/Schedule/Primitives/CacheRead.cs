using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for io { for k { for ii { C(A[io * 8 + ii, k]) } } }
///   →  for io { for k { for ii { P[io, k, ii] = A[io * 8 + ii, k] } } }
///      for io { for k { for ii { C(P[io, k, ii]) } } }
/// </code>
/// Copies a read, or any expression over reads, into a buffer that is laid out in the order of the loops that use it. The copy is made for all
/// values of these loops at once, at the start of the body of <c>at</c>, or in a nest of its own at root. Outside the instance's domain the copy
/// holds 0. The expression must not read what the nest writes.
/// </summary>
public static class CacheRead
{
    /// <param name="Fill">The copy's own nest when it stands at root; otherwise it is inside <paramref name="Nest"/>.</param>
    /// <param name="FillLoops">The copy's loops, in the order of the layout.</param>
    public sealed record Result(Stmt? Fill, Stmt Nest, Buffer Cache, ImmutableArray<Var> FillLoops);

    /// <param name="part">A part of the body of <paramref name="instance"/>.</param>
    /// <param name="at">The loop in whose body the copy is made; null: root.</param>
    /// <param name="layout">The loops inside <paramref name="at"/> that <paramref name="part"/> depends on, in the order of the cache's dimensions.</param>
    public static Result Apply(Stmt nest, string instance, Expr part, Var? at, ImmutableArray<Var> layout, MemoryScope scope, string name)
    {
        var loops = NestPath.LoopsAround(nest, instance);
        var compute = NestPath.FindInstance(nest, instance);
        int depth = at is null ? 0 : IndexOf(loops, at) + 1;
        var inside = loops[depth..];
        var space = new LoopSpace(compute, loops, inside.Select(l => l.Variable));

        var used = space.IterationsOf(part.FreeVars());
        var needed = space.LoopsOf(used);
        if (!new HashSet<Var>(layout).SetEquals(needed.Where(inside.Contains).Select(l => l.Variable)))
            throw new CompilerBugException("cache_read", $"the layout of {name} does not name the loops that {part} depends on");
        if (compute.Body.BuffersWritten().Intersect(part.BuffersRead()).Any()) throw new CompilerBugException("cache_read", $"{part} is written by the nest");

        var dimensions = layout.Select(v => inside[IndexOf(inside, v)]).ToImmutableArray();
        var cache = new Buffer(name, part.Type.Element, [.. dimensions.Select(l => at is null ? SharedExtent(l, loops) : Longest(l))], BufferRole.Temporary, scope);

        var value = Predication.Apply(space.Bind(part), space.Guard(used));
        var store = new Store(cache, [.. dimensions.Select(l => space.Point(l.Variable).Variable - l.Min)], value);
        var fillInstance = new Instance(name, [.. needed.Select(l => space.Point(l.Variable))], Regions.Read(store), Regions.Written(store), null, store, true, CopyOrigin(compute));
        var fill = space.Wrap(dimensions.Select(l => l.WithKind(LoopKind.Serial)), fillInstance);

        var result = NestPath.ReplaceInstance(nest, instance, i => UseCache(i, part, cache, dimensions));
        if (at is not null) result = NestPath.ReplaceLoop(result, at, l => l.WithBody(new Allocate(cache, Block.Of([fill, l.Body]))));
        return new(at is null ? fill : null, result, cache, [.. layout.Select(space.LoopOf)]);
    }

    // A copy computes no equation.
    private static Origin? CopyOrigin(Instance compute) => compute.Origin is { } origin ? origin with { Equation = null } : null;

    // The first piece of a split, min(f, n - o * f), is the longest. A cache of one agent is better of a known size, a shared one as small as can be.
    private static Expr SharedExtent(For loop, ImmutableArray<For> loops) =>
        loop.Extent is Binary { Op: BinaryOp.Min, Left: IntImm factor, Right: Binary { Op: BinaryOp.Sub, Left: not IntImm and var whole } }
        && !loops.Any(l => whole.UsesVar(l.Variable)) ? Expr.Min(factor, whole) : Longest(loop);

    private static Expr Longest(For loop) => NestPath.MaxExtent(loop) is { } n ? Expr.Index(n) : loop.Extent;

    private static Instance UseCache(Instance i, Expr part, Buffer cache, ImmutableArray<For> dimensions)
    {
        var iterations = i.Iterations.ToBuilder();
        var indices = ImmutableArray.CreateBuilder<Expr>();
        foreach (var l in dimensions)
        {
            var own = iterations.FirstOrDefault(it => ReferenceEquals(it.Binding, l.Variable));
            if (own is null)
            {
                bool reduces = i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(l.Variable));
                var end = NestPath.MaxExtent(l) is { } n ? l.Min + n : l.Min + l.Extent;
                own = new(Var.Index("v" + l.Variable.Name), l.Min, end, reduces ? IterKind.Reduction : IterKind.Spatial, l.Variable);
                iterations.Add(own);
            }
            indices.Add(own.Variable - l.Min);
        }
        var body = new PartReplacer(part, new Load(cache, indices.ToImmutable())).Visit(i.Body);
        return new(i.Name, iterations.ToImmutable(), Regions.Read(i.Init, body), i.Writes, i.Init, body, i.Reassociate, i.Origin);
    }

    private static int IndexOf(ImmutableArray<For> loops, Var loop)
    {
        for (int n = 0; n < loops.Length; n++)
            if (ReferenceEquals(loops[n].Variable, loop)) return n;
        throw new CompilerBugException("cache_read", $"{loop.Name} is not a loop around the instance");
    }

    private sealed class PartReplacer(Expr part, Expr replacement) : Rewriter
    {
        public override Expr Visit(Expr e) => StructuralComparer.Equal(e, part) ? replacement : base.Visit(e);
    }
}
