using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Schedule;

/// <summary>The conditions in the body of a loop that are linear in it, and where each of them holds for all values of the loops inside. Conditions are comparisons of
/// indices: of branches, predicates and choices, and the ranges of instances' iterations where the loops do not give them.</summary>
internal sealed class LoopConditions
{
    private readonly For _loop;
    private readonly RangeContext _ranges;
    private readonly HashSet<Var> _known, _dims;
    private readonly List<Expr> _lows = [], _highs = [];
    // Comparisons as the body has them; of an instance, over its iterations.
    private readonly Dictionary<Instance, HashSet<Expr>> _ofInstance = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Expr> _outside = new(StructuralComparer.Instance);
    private readonly Dictionary<Instance, (ImmutableArray<For> Inner, List<IterVar> Dropped)> _instances = new(ReferenceEqualityComparer.Instance);

    private LoopConditions(For loop, RangeContext ranges, IEnumerable<Var> outer, HashSet<Var> dims) => (_loop, _ranges, _known, _dims) = (loop, ranges, [.. outer, .. dims], dims);

    /// <param name="loop">The loop that is to be cut.</param>
    /// <param name="ranges">What is known inside of it.</param>
    /// <param name="outer">Variables of the loops around.</param>
    /// <param name="dims">Variables of the function's dimensions.</param>
    public static LoopConditions Of(For loop, RangeContext ranges, IEnumerable<Var> outer, IEnumerable<Var> dims)
    {
        var conditions = new LoopConditions(loop, ranges, outer, [.. dims]);
        conditions.Collect(loop.Body, []);
        return conditions;
    }

    public bool IsEmpty => _lows.Count == 0 && _highs.Count == 0;
    /// <summary>The first iteration for each condition.</summary>
    public IEnumerable<Expr> Lows => _lows.Distinct(StructuralComparer.Instance);
    /// <summary>One past the last iteration for each condition.</summary>
    public IEnumerable<Expr> Highs => _highs.Distinct(StructuralComparer.Instance);

    /// <summary>An expression of an instance (null: of the loops around) where the conditions hold.</summary>
    public Expr Without(Instance? instance, Expr e) => Of(instance) is { Count: > 0 } holds ? new Assumption(holds).Visit(e) : e;
    public Stmt Without(Instance? instance, Stmt s) => Of(instance) is { Count: > 0 } holds ? new Assumption(holds).Visit(s) : s;

    /// <summary>An instance whose iterations need no test where the conditions hold: those over several loops give way to iterations over these.</summary>
    /// <returns>The iterations, and what the old ones are over them.</returns>
    public (ImmutableArray<IterVar> Iterations, Dictionary<Var, Expr> Values) Domain(Instance i, For middle)
    {
        var (inner, dropped) = _instances.TryGetValue(i, out var found) ? found : ([], []);
        var points = new Dictionary<Var, IterVar>();
        var values = new Dictionary<Var, Expr>();
        foreach (var it in dropped)
        {
            if (it.Binding is Var own)
            {
                points.TryAdd(own, Over(own, it.Variable, it.Kind));
                values[it.Variable] = points[own].Variable;
                continue;
            }
            foreach (var v in it.Binding.FreeVars().Where(IsLoop)) points.TryAdd(v, Over(v, Var.Index("v" + v.Name), it.Kind));
            values[it.Variable] = it.Binding.Substitute(points.ToDictionary(p => p.Key, p => (Expr)p.Value.Variable));
        }
        var kept = i.Iterations.Where(it => !dropped.Contains(it)).Select(it => Narrowed(it, middle));
        return (IterationOrder.Sorted([.. points.Values, .. kept.Select(it => it with { Start = it.Start.Substitute(values), End = it.End.Substitute(values) })]), values);

        bool IsLoop(Var v) => ReferenceEquals(v, _loop.Variable) || inner.Any(f => ReferenceEquals(f.Variable, v));

        IterVar Over(Var v, Var point, IterKind kind)
        {
            var f = !ReferenceEquals(v, middle.Variable) ? inner.First(x => ReferenceEquals(x.Variable, v)) : IsDims(middle.Min) && IsDims(middle.Extent) ? middle : _loop;
            return new(point, f.Min, f.Min + f.Extent, kind, v);
        }
    }

    /// <summary>The iteration over a loop of which only a part is left.</summary>
    public IterVar Narrowed(IterVar it, For part) =>
        ReferenceEquals(it.Binding, part.Variable) && IsWhole(it, _loop) && IsDims(part.Min) && IsDims(part.Extent) ? it with { Start = part.Min, End = part.Min + part.Extent } : it;

    private HashSet<Expr> Of(Instance? instance) => instance is null ? _outside : _ofInstance.GetValueOrDefault(instance, []);

    private void Collect(Stmt s, ImmutableArray<For> inner)
    {
        switch (s)
        {
            case Block b: foreach (var x in b.Statements) Collect(x, inner); break;
            case For f:
                int mark = _ranges.Mark();
                _ranges.BindLoop(f.Variable, f.Min, f.Extent);
                _ranges.Assume(f.Extent >= 1);
                Collect(f.Body, inner.Add(f));
                _ranges.Release(mark);
                break;
            case Allocate a: Collect(a.Body, inner); break;
            case LetStmt l:
                int outside = _ranges.Mark();
                _ranges.BindValue(l.Variable, l.Value);
                Collect(l.Body, inner);
                _ranges.Release(outside);
                break;
            case If i:
                foreach (var c in Conjuncts(i.Condition))
                    if (Test(c, inner)) _outside.Add(c);
                Collect(i.Then, inner);
                if (i.Else is not null) Collect(i.Else, inner);
                break;
            case Instance i: Collect(i, inner); break;
        }
    }

    private void Collect(Instance i, ImmutableArray<For> inner)
    {
        var bindings = i.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        var dropped = new List<IterVar>();
        foreach (var it in i.Iterations)
        {
            var loop = inner.Append(_loop).FirstOrDefault(f => ReferenceEquals(f.Variable, it.Binding));
            if (loop is not null && IsWhole(it, loop) || !MayDrop(i, it, inner)) continue;
            var tests = ((Expr[])[it.Start.Substitute(bindings) <= it.Binding, it.Binding < it.End.Substitute(bindings)]).Select(c => (Condition: c, Cut: c.IsTrue ? null : Cut(c, inner), IsKnown: c.IsTrue || IsAlways(c))).ToList();
            if (tests.Any(t => !t.IsKnown && t.Cut is null) || tests.All(t => t.IsKnown)) continue;
            foreach (var t in tests)
                if (!t.IsKnown) Add(t.Cut!.Value);
            dropped.Add(it);
        }
        _instances.Add(i, (inner, dropped));

        var holds = new HashSet<Expr>(StructuralComparer.Instance);
        var found = new Finder();
        found.Visit(i.Body);
        foreach (var c in found.Comparisons)
            if (Test(c.Substitute(bindings), inner)) holds.Add(c);
        _ofInstance.Add(i, holds);
    }

    // An iteration over loops alone, all for elements or all for a reduction; no other part of the instance stands for these loops.
    private bool MayDrop(Instance i, IterVar it, ImmutableArray<For> inner)
    {
        foreach (var v in it.Binding.FreeVars())
        {
            if (_known.Contains(v)) return false;
            var loop = inner.Append(_loop).FirstOrDefault(f => ReferenceEquals(f.Variable, v));
            if (loop is null) return false;
            if (!IsDims(loop.Min) || !IsDims(loop.Extent)) return false;
            if (i.Iterations.Any(o => o.Kind != it.Kind && o.Binding.UsesVar(v)) || i.Iterations.Any(o => !ReferenceEquals(o, it) && ReferenceEquals(o.Binding, v))) return false;
        }
        return it.Binding.BuffersRead().IsEmpty;
    }

    private bool Test(Expr c, ImmutableArray<For> inner)
    {
        if (IsAlways(c) || Cut(c, inner) is not { } cut) return false;
        Add(cut);
        return true;
    }

    private void Add((Expr Bound, bool IsLow) cut) => (cut.IsLow ? _lows : _highs).Add(cut.Bound);

    private bool IsAlways(Expr c) => c is Binary { Op.IsComparison: true } b && _ranges.IsIndexComparison(b) && _ranges.Decide(b.Op, b.Left, b.Right) == true;

    /// <summary>The first iteration of the loop for which the comparison holds whatever the loops inside are, or one past the last; null where it is not linear.</summary>
    private (Expr Bound, bool IsLow)? Cut(Expr c, ImmutableArray<For> inner)
    {
        if (c is not Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b || !_ranges.IsIndexComparison(b)) return null;
        if (LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right) return null;
        // The comparison as form ≥ 0.
        var form = b.Op is BinaryOp.Gt or BinaryOp.Ge ? left.Minus(right) : right.Minus(left);
        if (b.Op is BinaryOp.Lt or BinaryOp.Gt) form = form?.Plus(-1);
        foreach (var f in inner.Reverse())
        {
            if (form is null || form.CoefficientOf(f.Variable) is var k && k == 0) continue;
            var last = f.Extent.UsesVar(_loop.Variable) || f.Extent.UsesAny(v => inner.Any(x => ReferenceEquals(x.Variable, v))) ? NestPath.MaxExtent(f) is { } n ? Expr.Index(n) : f.Extent : f.Extent;
            form = LinearForm.Of(k > 0 ? f.Min : f.Min + last - 1) is { } worst ? form.Replace(f.Variable, worst) : null;
        }
        if (form is null) return null;
        long a = form.CoefficientOf(_loop.Variable);
        if (a is 0 or long.MinValue || form.Replace(_loop.Variable, LinearForm.Of(0)) is not { } rest) return null;
        if (rest.Terms.Any(t => t.Key.FreeVars().Any(v => !_known.Contains(v)) || !t.Key.BuffersRead().IsEmpty)) return null;
        // a·x + rest ≥ 0: x ≥ −⌊rest / a⌋ for a > 0, x ≤ ⌊rest / −a⌋ for a < 0.
        if (a > 0) return (a == 1 ? rest.Times(-1)!.ToExpr() : rest.IsConstant ? Expr.Index(-ScalarMath.FloorDiv(rest.Constant, a)) : Expr.Index(0) - rest.ToExpr() / a, true);
        return (a == -1 ? rest.Plus(1)!.ToExpr() : rest.IsConstant ? Expr.Index(ScalarMath.FloorDiv(rest.Constant, -a) + 1) : rest.ToExpr() / -a + 1, false);
    }

    private static bool IsWhole(IterVar it, For loop) => StructuralComparer.Equal(loop.Min, it.Start)
        && (StructuralComparer.Equal(loop.Min + loop.Extent, it.End) || StructuralComparer.Equal(loop.Extent, it.End - it.Start) || StructuralComparer.Equal(loop.Extent, Expr.Max(Expr.Index(0), it.End - it.Start)));

    private bool IsDims(Expr e) => e.FreeVars().All(_dims.Contains);

    internal static IEnumerable<Expr> Conjuncts(Expr e) => e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];

    private sealed class Finder : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public List<Expr> Comparisons { get; } = [];

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load { Predicate: { } p }) Comparisons.AddRange(Conjuncts(p));
            if (e is Select s) Comparisons.AddRange(Conjuncts(s.Condition));
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store { Predicate: { } p }) Comparisons.AddRange(Conjuncts(p));
            if (s is If i) Comparisons.AddRange(Conjuncts(i.Condition));
            base.Visit(s);
        }
    }

    private sealed class Assumption(HashSet<Expr> holds) : SharingRewriter
    {
        protected override Expr VisitBinary(Binary b) => holds.Contains(b) ? Expr.True : b.Op is BinaryOp.And ? Expr.And(Visit(b.Left), Visit(b.Right)) : base.VisitBinary(b);

        protected override Expr VisitSelect(Select s) => base.VisitSelect(s) is var visited && visited is Select { Condition.IsTrue: true } always ? always.Then : visited;

        protected override Expr VisitLoad(Load l) => base.VisitLoad(l) is var visited && visited is Load { Predicate.IsTrue: true } always ? new Load(always.Buffer, always.Indices) : visited;

        protected override Stmt VisitStore(Store s) =>
            base.VisitStore(s) is var visited && visited is Store { Predicate.IsTrue: true } t ? new Store(t.Buffer, t.Indices, t.Value, null, t.NonTemporal, t.Origin) : visited;

        protected override Stmt VisitIf(If i) => base.VisitIf(i) is var visited && visited is If { Condition.IsTrue: true } always ? always.Then : visited;
    }
}
