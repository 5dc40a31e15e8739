using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Lower.Schedule;

/// <summary>An instance's iterations together with one for each loop around, so that its body can use the value of a loop. An iteration that is a loop already
/// stands for that loop.</summary>
internal sealed class PointSpace
{
    private readonly Instance _instance;
    private readonly ImmutableArray<For> _loops;
    private readonly Dictionary<Var, Expr> _ofLoop = [];
    private readonly Dictionary<Var, Expr> _ofIteration = [];
    private readonly Dictionary<Var, IterVar> _added = [];
    private readonly RangeContext _ranges = new();

    /// <param name="loops">All loops around the instance, outermost first.</param>
    public PointSpace(Instance instance, ImmutableArray<For> loops, IEnumerable<Var> dims)
    {
        (_instance, _loops) = (instance, loops);
        foreach (var d in dims) _ranges.Bind(d, ConstInterval.NonNegative);
        foreach (var l in loops)
        {
            var own = instance.Iterations.FirstOrDefault(it => ReferenceEquals(it.Binding, l.Variable));
            var point = own?.Variable ?? Var.Index("v" + l.Variable.Name);
            var range = RangeOf(l, _ofLoop);
            if (own is null) _added.Add(l.Variable, new(point, range.Start, range.End, KindOf(l.Variable), l.Variable));
            _ranges.BindRange(point, range.Start, range.End);
            _ofLoop.Add(l.Variable, point);
        }
        foreach (var it in instance.Iterations)
            if (it.Binding is not Var v || !_ofLoop.ContainsKey(v)) _ofIteration.Add(it.Variable, it.Binding.Substitute(_ofLoop));
    }

    /// <summary>What ranges over a loop: the longest that it can be, so that the end does not use the loop's own length where that varies.</summary>
    public static (Expr Start, Expr End) RangeOf(For l, IReadOnlyDictionary<Var, Expr> points)
    {
        var start = l.Min.Substitute(points);
        return (start, start + (NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : l.Extent.Substitute(points)));
    }

    /// <summary>The iteration that stands for a loop.</summary>
    public Var Point(Var loop) => (Var)_ofLoop[loop];

    /// <summary>An expression over the loops around, over the points.</summary>
    public Expr FromLoops(Expr e) => e.Substitute(_ofLoop);

    /// <summary>An expression over the instance's iterations, over the points.</summary>
    public Expr Bind(Expr e) => e.Substitute(_ofIteration);

    public Expr Simplify(Expr e) => Simplifier.Simplify(e, _ranges);

    /// <summary>The instance's iterations, and those of the loops that <paramref name="used"/> names in addition.</summary>
    public ImmutableArray<IterVar> With(IEnumerable<Var> used)
    {
        var wanted = new HashSet<Var>(used);
        var added = new Stack<IterVar>();
        foreach (var l in _loops.Reverse())
        {
            if (!_added.TryGetValue(l.Variable, out var point) || !wanted.Contains(point.Variable)) continue;
            foreach (var e in (Expr[])[point.Start, point.End]) wanted.UnionWith(e.FreeVars());
            added.Push(point);
        }
        return OuterFirst(added, _instance.Iterations);
    }

    // A range may use only iterations that stand before it; an added one uses own ones that loops further out are.
    private static ImmutableArray<IterVar> OuterFirst(IEnumerable<IterVar> added, ImmutableArray<IterVar> own)
    {
        var result = own.ToBuilder();
        foreach (var point in added)
        {
            int at = 0;
            foreach (var v in point.Start.FreeVars().Concat(point.End.FreeVars()))
                for (int n = 0; n < result.Count; n++)
                    if (ReferenceEquals(result[n].Variable, v)) at = Math.Max(at, n + 1);
            if (at == 0) result.Add(point); else result.Insert(at, point);
        }
        return result.ToImmutable();
    }

    // Where a reduction runs over a loop, its point belongs to the reduction: the start must not stand inside of it.
    private IterKind KindOf(Var loop)
    {
        var exact = _instance.Iterations.Where(it => it.Kind is IterKind.Opaque && it.Binding.UsesVar(loop)).ToList();
        if (exact.Count > 0) return IterKind.Opaque;
        return _instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(loop)) ? IterKind.Reduction : IterKind.Spatial;
    }
}
