using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule;

/// <summary>The smallest box, as far as is known, around all elements of a buffer that some instances read while loops run.</summary>
/// <param name="Start">The first index of each dimension, over the loops that stand still and dimensions; it may lie outside of the buffer.</param>
/// <param name="Extent">Over dimensions alone, never below 0.</param>
/// <param name="IsWhole">Dimensions about whose indices nothing is known but that they lie in the buffer: the box has all of them.</param>
internal sealed record ReadBox(ImmutableArray<Expr> Start, ImmutableArray<Expr> Extent, ImmutableArray<bool> IsWhole)
{
    /// <param name="root">Holds the loops and the instances.</param>
    /// <param name="runs">The loops over all of whose iterations the box reaches.</param>
    /// <param name="outer">The loops around <paramref name="root"/>, outermost first.</param>
    /// <returns>Null where nothing is read.</returns>
    public static ReadBox? Of(Stmt root, Buffer buffer, Func<For, bool> runs, ImmutableArray<For> outer, IEnumerable<Var> dims)
    {
        var sizes = dims.ToHashSet();
        var context = new RangeContext();
        foreach (var d in sizes) context.Bind(d, ConstInterval.NonNegative);
        foreach (var l in outer) context.BindLoop(l.Variable, l.Min, l.Extent);

        var ends = new List<(Expr? Low, Expr? High)>[buffer.Shape.Length];
        for (int d = 0; d < ends.Length; d++) ends[d] = [];
        var still = outer.Where(l => !runs(l)).ToList();
        var known = sizes.Concat(still.Select(l => l.Variable)).ToHashSet();
        Visit(root, outer.Where(runs).ToImmutableArray());
        if (ends.Length > 0 && ends[0].Count == 0 || ends.Length == 0) return null;

        var limits = still.ToDictionary(l => l.Variable, Limits);
        var (starts, extents, whole) = (ImmutableArray.CreateBuilder<Expr>(), ImmutableArray.CreateBuilder<Expr>(), ImmutableArray.CreateBuilder<bool>());
        for (int d = 0; d < ends.Length; d++)
        {
            var (start, extent) = Join(ends[d]);
            bool isKnown = start is not null && extent is not null;
            starts.Add(isKnown ? start! : Expr.Index(0));
            extents.Add(isKnown ? extent! : buffer.Shape[d]);
            whole.Add(!isKnown);
        }
        return new(starts.ToImmutable(), extents.ToImmutable(), whole.ToImmutable());

        void Visit(Stmt s, ImmutableArray<For> running)
        {
            switch (s)
            {
                case Block b: foreach (var x in b.Statements) Visit(x, running); break;
                case For f: Visit(f.Body, runs(f) ? running.Add(f) : running); break;
                case Allocate a: Visit(a.Body, running); break;
                case LetStmt l: Visit(l.Body, running); break;
                case If i:
                    Visit(i.Then, running);
                    if (i.Else is not null) Visit(i.Else, running);
                    break;
                case Instance i:
                    var bindings = i.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
                    var ranges = running.Concat(TileLoops.In(i)).ToDictionary(l => l.Variable, Limits);
                    foreach (var load in ReadsOf(i, buffer))
                        for (int d = 0; d < ends.Length; d++)
                        {
                            var (low, high) = Bounds.Of(load.Indices[d].Substitute(bindings), ranges);
                            ends[d].Add((Known(low), Known(high)));
                        }
                    break;
            }
        }

        (Expr Min, Expr Max) Limits(For l) => (l.Min, l.Min + (NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : l.Extent) - 1);

        Expr? Known(Expr? e) => e is null || !e.BuffersRead().IsEmpty || e.FreeVars().Any(v => !known.Contains(v)) ? null : Simplifier.Simplify(e, context);

        (Expr? Start, Expr? Extent) Join(List<(Expr? Low, Expr? High)> pairs)
        {
            if (pairs.Exists(p => p.Low is null || p.High is null)) return (null, null);
            var low = pairs.Select(p => p.Low!).Aggregate((a, b) => Simplifier.Simplify(Expr.Min(a, b), context));
            var high = pairs.Select(p => p.High!).Aggregate((a, b) => Simplifier.Simplify(Expr.Max(a, b), context));
            var extent = Simplifier.Simplify(high - low + 1, context);
            // A loop of no iterations reads nothing, and may give less than that.
            extent = Simplifier.Simplify(Expr.Max(Expr.Index(0), extent), context);
            if (extent.FreeVars().All(sizes.Contains)) return (low, extent);
            return Bounds.Of(extent, limits).Max is { } longest && Simplifier.Simplify(longest, context) is var all && all.FreeVars().All(sizes.Contains) ? (low, all) : (null, null);
        }
    }

    /// <summary>The reads in an instance's body, each once.</summary>
    public static IReadOnlyList<Load> ReadsOf(Instance i, Buffer buffer)
    {
        var c = new Reads(buffer);
        c.Visit(i.Body);
        return c.Found;
    }

    private sealed class Reads(Buffer buffer) : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public List<Load> Found { get; } = [];

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l && ReferenceEquals(l.Buffer, buffer)) Found.Add(l);
            base.Visit(e);
        }
    }
}
