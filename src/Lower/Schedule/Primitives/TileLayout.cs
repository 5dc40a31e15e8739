using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Simplify;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for io { for jo { for ii { for ji { C[io * 4 + ii, jo * 8 + ji] } } } }   at = jo, layout = (i, j) -> [j, i]   →   acc[ji, ii]
/// </code>
/// Where the elements of a tile lie. The map is over the tensor's indices, counted from the tile's first element. Each loop inside runs over one of these indices, and
/// the loops of an index are its digits (<c>io * 4 + ii</c>), so that no two iterations have one element; the map itself is proved by <see cref="LayoutProof"/>.
/// </summary>
/// <param name="Loops">The loops that compute the tile.</param>
/// <param name="Steps">For each dimension of the tensor the loops that run over it, with how far an iteration takes it.</param>
internal sealed record TileLayout(IndexLayout Layout, ImmutableArray<For> Loops, ImmutableArray<ImmutableArray<(int Loop, long Step)>> Steps, ImmutableArray<Var> Dims, Evidence Evidence)
{
    /// <exception cref="DiagnosticException">The loops are not digits of the tensor's indices, or the map does not fit or is not one-to-one.</exception>
    public static TileLayout Require(ScheduleState state, Directive d, StepContext context, Instance compute, ImmutableArray<For> around, ImmutableArray<For> loops, LayoutValue map)
    {
        var stores = Stores.In(compute);
        var buffer = stores[0].Buffer;
        if (stores.FirstOrDefault(s => !s.Indices.SequenceEqual(stores[0].Indices, StructuralComparer.Instance)) is { } other)
            throw Refuse($"`{other.Buffer.Name}` is computed with it, at other indices", "leave `layout` out");
        var space = new LoopSpace(compute, around, []);
        var points = loops.Select(l => space.Point(l.Variable).Variable).ToList();
        var steps = ImmutableArray.CreateBuilder<ImmutableArray<(int, long)>>();
        var extents = ImmutableArray.CreateBuilder<Expr>();
        var isUsed = new bool[loops.Length];
        foreach (var index in stores[0].Indices)
        {
            var form = LinearForm.Of(Simplifier.Simplify(space.Bind(index)));
            var own = new List<(int Loop, long Step)>();
            for (int n = 0; n < loops.Length; n++)
            {
                if (form is null || form.Terms.Any(t => !ReferenceEquals(t.Key, points[n]) && t.Key.UsesVar(points[n])))
                    throw Refuse($"`{Names.Of(state, loops[n].Variable)}`, inside of it, is not one index of `{buffer.Name}` or a part of one", "name a loop further in, or leave `layout` out");
                if (form.CoefficientOf(points[n]) is not (not 0 and var step)) continue;
                if (isUsed[n]) throw Refuse($"`{Names.Of(state, loops[n].Variable)}`, inside of it, runs over two indices of `{buffer.Name}`", "leave `layout` out");
                isUsed[n] = true;
                own.Add((n, step));
            }
            // Digits: all that those further in reach lies below one step.
            long next = 1;
            Expr extent = Expr.Index(1);
            foreach (var (n, step) in own.OrderBy(s => Math.Abs(s.Step)))
            {
                if (Math.Abs(step) < next) throw Refuse($"two iterations of the loops inside have one index of `{buffer.Name}`", "leave `layout` out");
                extent += (Extent(loops[n]) - 1) * Math.Abs(step);
                next = Extent(loops[n]) is IntImm count && Int128.Abs(step) * count.Value is var reach && reach < long.MaxValue ? (long)reach : long.MaxValue;
            }
            steps.Add([.. own]);
            extents.Add(Simplifier.Simplify(extent));
        }
        if (Array.IndexOf(isUsed, false) is >= 0 and var unused)
            throw Refuse($"`{Names.Of(state, loops[unused].Variable)}`, inside of it, runs over no index of `{buffer.Name}`", "leave `layout` out");
        var (layout, evidence) = LayoutProof.Require(state, d, context, buffer, map, extents.ToImmutable());
        return new(layout, loops, steps.ToImmutable(), [.. state.Function.Dims.Select(x => x.Variable)], evidence);

        DiagnosticException Refuse(string why, string help) => StepContext.Refuse(ScheduleRefusals.LayoutDoesNotFit, d.SpanOf("layout"), buffer.Name, why, help);
    }

    /// <summary>Where the element of an iteration lies.</summary>
    /// <param name="points">Of the loops, over which <paramref name="relative"/> is.</param>
    /// <param name="relative">How many iterations of each loop came before.</param>
    public ImmutableArray<Expr> At(IEnumerable<IterVar> points, ImmutableArray<Expr> relative)
    {
        var ranges = new RangeContext();
        foreach (var v in Dims) ranges.Bind(v, ConstInterval.NonNegative);
        foreach (var p in points) ranges.BindRange(p.Variable, p.Start, p.End);
        ImmutableArray<Expr> element = [.. Steps.Select(own => own.Aggregate((Expr)Expr.Index(0), (sum, s) => sum + (s.Step > 0 ? relative[s.Loop] : Extent(Loops[s.Loop]) - 1 - relative[s.Loop]) * Math.Abs(s.Step)))];
        return [.. Layout.At(element).Select(e => Simplifier.Simplify(e, ranges))];
    }

    private static Expr Extent(For l) => NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : l.Extent;
}
