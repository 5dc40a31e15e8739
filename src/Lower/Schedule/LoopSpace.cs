using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>An instance's domain seen from the loops around it. A cache is filled, or computed in, for every value of its loops, also where these
/// lie outside the domain (the tail of a split); so its instance ranges over the loops themselves, and the domain becomes a condition.</summary>
internal sealed class LoopSpace
{
    private readonly ImmutableArray<For> _loops;
    private readonly HashSet<Var> _renamed;
    private readonly Instance _instance;
    private readonly Dictionary<Var, Var> _fresh = [];
    private readonly Dictionary<Var, (IterVar Iteration, For Loop)> _points = [];
    private readonly Dictionary<Var, Expr> _bindings = [];
    private readonly Dictionary<Var, Expr> _toPoints = [];

    /// <param name="loops">All loops around the instance, outermost first.</param>
    /// <param name="renamed">Loops that get a copy: those of a nest of its own.</param>
    public LoopSpace(Instance instance, ImmutableArray<For> loops, IEnumerable<Var> renamed)
    {
        (_instance, _loops, _renamed) = (instance, loops, [.. renamed]);
        foreach (var l in loops)
        {
            if (_renamed.Contains(l.Variable)) _fresh.Add(l.Variable, Var.Index(l.Variable.Name));
            var point = Var.Index("v" + l.Variable.Name);
            // A range may use loops further out.
            var (start, extent) = (l.Min.Substitute(_toPoints), l.Extent.Substitute(_toPoints));
            _points.Add(l.Variable, (new(point, start, start + (NestPath.MaxExtent(l) is { } n ? Expr.Index(n) : extent), KindOf(l.Variable), LoopOf(l.Variable)), l));
            _toPoints.Add(l.Variable, point);
        }
        foreach (var it in instance.Iterations) _bindings.Add(it.Variable, it.Binding.Substitute(_toPoints));
    }

    /// <summary>The iteration over a loop.</summary>
    public IterVar Point(Var loop) => _points[loop].Iteration;

    /// <summary>The points that <paramref name="used"/> names, those that are <paramref name="always"/> there, and those in their ranges, outermost first.</summary>
    public ImmutableArray<IterVar> PointsFor(IEnumerable<Var> used, Func<IterVar, bool>? always = null)
    {
        var wanted = new HashSet<Var>(used);
        var points = new Stack<IterVar>();
        foreach (var l in _loops.Reverse())
        {
            var p = Point(l.Variable);
            if (!wanted.Contains(p.Variable) && always?.Invoke(p) != true) continue;
            foreach (var e in (Expr[])[p.Start, p.End]) wanted.UnionWith(e.FreeVars());
            points.Push(p);
        }
        return [.. points];
    }

    /// <summary>Iterations that only guard, over the points: nothing but their ranges says what they are.</summary>
    public ImmutableArray<IterVar> Guards(IEnumerable<IterVar> iterations) =>
        [.. iterations.Where(it => !Guard([it]).IsTrue).Select(it => it with { Variable = Var.Index(it.Variable.Name), Start = Bind(it.Start), End = Bind(it.End) })];

    /// <summary>The variable that runs over a loop here: the loop's own, or its copy's.</summary>
    public Var LoopOf(Var loop) => _fresh.GetValueOrDefault(loop, loop);

    /// <summary>An expression over the instance's iterations, over the points of the loops.</summary>
    public Expr Bind(Expr e) => e.Substitute(_bindings);
    public Stmt Bind(Stmt s) => s.Substitute(_bindings);

    /// <summary>The instance's iterations that <paramref name="variables"/> name, and those in their ranges.</summary>
    public ImmutableArray<IterVar> IterationsOf(IEnumerable<Var> variables)
    {
        var wanted = new HashSet<Var>(variables);
        // A range uses only iterations further out.
        foreach (var it in _instance.Iterations.Reverse())
            if (wanted.Contains(it.Variable))
                foreach (var e in (Expr[])[it.Start, it.End]) wanted.UnionWith(e.FreeVars());
        return [.. _instance.Iterations.Where(it => wanted.Contains(it.Variable))];
    }

    /// <summary>The loops that some iterations are computed from, outermost first.</summary>
    public ImmutableArray<For> LoopsOf(IEnumerable<IterVar> iterations)
    {
        var used = new HashSet<Var>(iterations.SelectMany(it => it.Binding.FreeVars()));
        return [.. _loops.Where(l => used.Contains(l.Variable))];
    }

    /// <summary>"Every one of these iterations is in its range", over the points; what the loops guarantee is left out.</summary>
    public Expr Guard(IEnumerable<IterVar> iterations)
    {
        var known = _points.Values.ToDictionary(p => p.Iteration.Variable, p => (p.Iteration.Start, p.Iteration.End - 1));
        var conditions = new List<Expr>();
        foreach (var it in iterations)
        {
            var at = _bindings[it.Variable];
            var (start, end) = (Bind(it.Start), Bind(it.End));
            if (it.Binding is Var v && _points.TryGetValue(v, out var own) && IsWhole(own.Loop, start, end)) continue;
            var (low, high) = RangeLimits.Of(at, known);
            var (_, startHigh) = RangeLimits.Of(start, known);
            var (endLow, _) = RangeLimits.Of(end, known);
            if (!Proved(startHigh, low)) conditions.Add(start <= at);
            if (!Proved(high + 1, endLow)) conditions.Add(at < end);
        }
        return Expr.All(conditions);
    }

    /// <summary>Copies of the renamed loops among <paramref name="loops"/> around <paramref name="body"/>, in that order.</summary>
    public Stmt Wrap(IEnumerable<For> loops, Stmt body)
    {
        var copies = _fresh.ToDictionary(p => p.Key, p => (Expr)p.Value);
        foreach (var l in loops.Reverse())
            if (_fresh.TryGetValue(l.Variable, out var fresh))
                body = new For(fresh, l.Min.Substitute(copies), l.Extent.Substitute(copies), l.Kind, body, l.Axis, l.Origin);
        return body;
    }

    // The loop runs over start .. end and nothing else; an extent may be clamped to 0.
    private bool IsWhole(For loop, Expr start, Expr end)
    {
        var (min, extent) = (loop.Min.Substitute(_toPoints), loop.Extent.Substitute(_toPoints));
        return StructuralComparer.Equal(min, start) && (StructuralComparer.Equal(min + extent, end) || StructuralComparer.Equal(extent, Expr.Max(Expr.Index(0), end - start)));
    }

    private IterKind KindOf(Var loop) => _instance.KindOf(loop) ?? throw new CompilerBugException("schedule", $"loop {loop.Name} runs over elements and over a reduction");

    private static bool Proved(Expr low, Expr high) => StructuralComparer.Equal(low, high) || low is IntImm a && high is IntImm b && a.Value <= b.Value;
}
