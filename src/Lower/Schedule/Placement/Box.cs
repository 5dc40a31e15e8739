using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Placement;

/// <summary>One dimension of a box of indices, at a place of a nest.</summary>
/// <param name="Low">The first index, over the loops around.</param>
/// <param name="High">The last one.</param>
/// <param name="Length">No fewer than there are, over dimensions alone.</param>
/// <param name="IsWhole">All indices of the buffer.</param>
internal sealed record BoxDimension(Expr Low, Expr High, Expr Length, bool IsWhole)
{
    public static BoxDimension Whole(Expr extent) => new(Expr.Index(0), extent - 1, extent, true);
}

/// <summary>Bounding boxes of indices.</summary>
internal static class Box
{
    /// <summary>The box around everything that instances below a statement read of some buffers of one shape.</summary>
    /// <param name="arithmetic">Of the place of <paramref name="root"/>.</param>
    public static ImmutableArray<BoxDimension> OfReads(Stmt root, ImmutableArray<Buffer> buffers, BoxArithmetic arithmetic)
    {
        var shape = buffers[0].Shape;
        var ends = new List<(Expr? Low, Expr? High)>[shape.Length];
        for (int d = 0; d < shape.Length; d++) ends[d] = [];
        Visit(root, [], []);
        return [.. shape.Select((extent, d) => Union(ends[d], extent, arithmetic))];

        void Visit(Stmt s, ImmutableArray<For> inner, ImmutableArray<LetStmt> lets)
        {
            switch (s)
            {
                case Block b: foreach (var x in b.Statements) Visit(x, inner, lets); break;
                case For f: Visit(f.Body, inner.Add(f), lets); break;
                case Allocate a: Visit(a.Body, inner, lets); break;
                case LetStmt l: Visit(l.Body, inner, lets.Add(l)); break;
                case If i:
                    Visit(i.Then, inner, lets);
                    if (i.Else is not null) Visit(i.Else, inner, lets);
                    break;
                case Instance i: Add(i, inner, lets); break;
            }
        }

        void Add(Instance i, ImmutableArray<For> inner, ImmutableArray<LetStmt> lets)
        {
            var values = i.Iterations.ToDictionary(it => it.Variable, it => lets.Reverse().Aggregate(it.Binding, (e, l) => e.Substitute(l.Variable, l.Value)));
            var bound = inner.Select(f => f.Variable).Concat(i.Iterations.Select(it => it.Variable)).ToHashSet();
            inner = [.. inner, .. TileLoops.In(i)];
            foreach (var load in Loads.In(i))
                if (buffers.Contains(load.Buffer))
                    for (int d = 0; d < ends.Length; d++)
                    {
                        var index = load.Indices[d].Substitute(values);
                        bool isKnown = index.Type == IrType.Index && index.BuffersRead().IsEmpty;
                        ends[d].Add(isKnown ? (arithmetic.End(index, inner, false), arithmetic.End(index, inner, true)) : (null, null));
                    }
        }
    }

    private static BoxDimension Union(List<(Expr? Low, Expr? High)> ends, Expr extent, BoxArithmetic arithmetic)
    {
        Expr? low = null, high = null;
        foreach (var (l, h) in ends)
        {
            if (l is null || h is null) return BoxDimension.Whole(extent);
            low = low is null ? l : arithmetic.Lower(low, l);
            high = high is null ? h : arithmetic.Greater(high, h);
        }
        return low is null || high is null ? BoxDimension.Whole(extent) : Of(arithmetic.Simplify(low), arithmetic.Simplify(high), extent, arithmetic);
    }

    /// <summary>The part of a buffer's dimension between two ends; all of it, where that is no more.</summary>
    /// <param name="extent">The buffer's.</param>
    public static BoxDimension Of(Expr low, Expr high, Expr extent, BoxArithmetic arithmetic)
    {
        if (arithmetic.Length(low, high, out bool isTight) is not { } length) return BoxDimension.Whole(extent);
        if (arithmetic.Proves(extent <= length)) return BoxDimension.Whole(extent);
        // Two lengths, neither known to be the smaller: what is in both lies behind the later start.
        if (length is not IntImm && !arithmetic.Proves(length <= extent))
            (low, length) = (arithmetic.Greater(low, Expr.Index(0)), Expr.Min(length, extent));
        return new(low, isTight ? arithmetic.Simplify(low + length - 1) : high, length, false);
    }
}
