using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>A copy of a box of a tensor: its buffer, the nest that fills it, and reads that use it.</summary>
internal sealed class CachePlan
{
    private readonly Buffer _source;
    private readonly ReadBox _box;
    private readonly IndexLayout _layout;
    private readonly ImmutableArray<string> _names;
    private readonly Var[] _dims;
    private readonly Expr? _default;
    private readonly Origin _origin;

    /// <exception cref="DiagnosticException">The layout does not fit, or is not one-to-one.</exception>
    public CachePlan(ScheduleState state, Directive d, StepContext context, Buffer source, ReadBox box, MemoryScope scope, string place)
    {
        (_source, _box, _dims) = (source, box, [.. state.Function.Dims.Select(x => x.Variable)]);
        Name = state.UniqueName(d.Results.IsEmpty ? source.Name + ".packed" : d.ResultStage(0).Name);
        _origin = new(null, d.Text);
        var map = (d["layout"] ?? d["map"]) as LayoutValue;
        _names = map is null ? NamesOf(state, source) : [.. map.Axes.Select(a => a.Name)];
        (_layout, Evidence) = map is null ? (IndexLayout.Identity(_names, box.Extent), Evidence.Proved("the order of the elements stays")) : LayoutProof.Require(state, d, context, source, map, box.Extent);
        Cache = new(Name, source.Type, _layout.Shape, BufferRole.Temporary, scope);
        if (scope is MemoryScope.Register && _layout.Shape.FirstOrDefault(e => e is not IntImm) is { } extent)
            throw CacheReadStep.Refuse(d, place, $"registers have a fixed number, and an extent here is `{extent}`", "cache it in `local` memory, or at a loop further in", "memory");
        _default = DefaultOf(state, source);
    }

    public string Name { get; }
    public Buffer Cache { get; }
    public Evidence Evidence { get; }

    /// <summary>The nest that fills the cache, in loops of the order in which the elements lie.</summary>
    /// <param name="around">The loops around, whose values the box starts at.</param>
    /// <param name="once">Loops of which only the first iteration fills.</param>
    public Stmt Fill(ImmutableArray<For> around, Func<For, bool>? once = null)
    {
        var points = new Dictionary<Var, Expr>();
        var outer = new List<IterVar>();
        foreach (var l in around)
        {
            var (start, end) = PointSpace.RangeOf(l, points);
            var point = new IterVar(Var.Index("v" + l.Variable.Name), start, once?.Invoke(l) == true ? start + 1 : end, IterKind.Spatial, l.Variable);
            outer.Add(point);
            points.Add(l.Variable, point.Variable);
        }
        // One loop for each place's index where the axes are written in digits, otherwise one for each axis.
        bool byPlace = _layout.Digits is not null;
        var extents = byPlace ? _layout.Shape : _box.Extent;
        var names = byPlace ? PlaceNames() : _names;
        ImmutableArray<Var> loops = [.. names.Select(Var.Index)];
        ImmutableArray<IterVar> own = [.. loops.Select((v, n) => new IterVar(Var.Index("v" + v.Name), Expr.Index(0), extents[n], IterKind.Spatial, v))];
        ImmutableArray<Expr> values = [.. own.Select(it => it.Variable)];
        ImmutableArray<Expr> relative = byPlace ? [.. _layout.Axes.Select((_, a) => _layout.AxisAt(a, values))] : values;
        ImmutableArray<Expr> at = [.. relative.Select((r, n) => _box.Start[n].Substitute(points) + r)];

        var context = Ranges();
        foreach (var it in outer.Concat(own)) context.BindRange(it.Variable, it.Start, it.End);
        at = [.. at.Select(e => Simplifier.Simplify(e, context))];
        var inside = Expr.All(at.SelectMany((e, n) => (Expr[])[e >= 0, e < _source.Shape[n]]).Select(c => Simplifier.Simplify(c, context)).Where(c => !c.IsTrue));
        Expr value = new Load(_source, at, inside.IsTrue ? null : inside);
        if (_default is { } other && !inside.IsTrue) value = Expr.If(inside, value, other);

        var body = new Store(Cache, byPlace ? values : _layout.At(values), value);
        var used = body.FreeVars().ToHashSet();
        for (int n = outer.Count - 1; n >= 0; n--)
            if (used.Contains(outer[n].Variable) || once?.Invoke(around[n]) == true) used.UnionWith([outer[n].Variable, .. outer[n].Start.FreeVars(), .. outer[n].End.FreeVars()]);
        var iterations = outer.Where(it => used.Contains(it.Variable));
        // Its own come first: a name means one of them before it means a loop around.
        Stmt fill = new Instance(Name, [.. own, .. iterations], Regions.Read(body), Regions.Written(body), null, body, true, _origin);
        for (int n = loops.Length - 1; n >= 0; n--) fill = new For(loops[n], Expr.Index(0), extents[n], LoopKind.Serial, fill, null, _origin);
        return fill;
    }

    /// <summary>Reads take the cache's elements.</summary>
    /// <param name="around">The loops around <paramref name="s"/>.</param>
    public Stmt Redirect(Stmt s, ImmutableArray<For> around)
    {
        switch (s)
        {
            case Block b: return Block.Of(b.Statements.Select(x => Redirect(x, around)).ToList());
            case For f: return f.WithBody(Redirect(f.Body, around.Add(f)));
            case Allocate a: return Redirect(a.Body, around) is var inner && ReferenceEquals(inner, a.Body) ? a : new Allocate(a.Buffer, inner, a.Origin);
            case LetStmt l: return Redirect(l.Body, around) is var rest && ReferenceEquals(rest, l.Body) ? l : new LetStmt(l.Variable, l.Value, rest, l.Origin);
            case If i: return new If(i.Condition, Redirect(i.Then, around), i.Else is null ? null : Redirect(i.Else, around), i.Origin);
            case Instance i when ReadBox.ReadsOf(i, _source).Count > 0:
                var points = new PointSpace(i, around, _dims);
                var body = new Redirection(this, points).Visit(i.Body);
                return new Instance(i.Name, points.With(body.FreeVars()), Regions.Read(i.Init, body), Regions.Written(i.Init, body), i.Init, body, i.Reassociate, i.Origin);
            default: return s;
        }
    }

    // Over the points, so that places such as (io * 8 + ii) / 8 become io; where nothing is known of an index, over the iterations, which guards are about.
    private Load Read(Load l, PointSpace points, ImmutableArray<Expr> visited, Expr? predicate)
    {
        var relative = visited.Select((e, n) => _box.IsWhole[n] ? e : points.Bind(e) - points.FromLoops(_box.Start[n])).ToList();
        return new(Cache, [.. _layout.At(relative).Select(points.Simplify)], predicate);
    }

    // "Every index lies in the tensor" and nothing else: the cache answers that itself.
    private bool IsBounds(Load l, Expr predicate) => Conjuncts(predicate).All(c => c is Binary b && Enumerable.Range(0, l.Indices.Length).Any(n => !_box.IsWhole[n]
        && StructuralComparer.Equal(b.Left, l.Indices[n]) && (b.Op is BinaryOp.Ge && b.Right.IsConstant(0) || b.Op is BinaryOp.Lt && StructuralComparer.Equal(b.Right, _source.Shape[n]))));

    private static IEnumerable<Expr> Conjuncts(Expr e) =>
        e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];

    // What all conditional reads give outside of the tensor; null where they do not agree, or one has another condition.
    private Expr? DefaultOf(ScheduleState state, Buffer source)
    {
        var values = new DefaultValues(this, source);
        foreach (int n in state.Nests.Readers(source))
            foreach (var i in state.Nests.Instances(n)) values.Visit(i.Body);
        return values.Result;
    }

    private RangeContext Ranges()
    {
        var context = new RangeContext();
        foreach (var d in _dims) context.Bind(d, ConstInterval.NonNegative);
        return context;
    }

    // The names of the axes, or of their digits: i or io, ii.
    private ImmutableArray<string> PlaceNames()
    {
        var digits = _layout.Digits!.Value;
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var (axis, worth) in digits)
        {
            int count = digits.Count(x => x.Axis == axis), rank = digits.Count(x => x.Axis == axis && x.Worth > worth);
            names.Add(_names[axis] + (count == 1 ? "" : count == 2 ? rank == 0 ? "o" : "i" : $"{rank}"));
        }
        return names.ToImmutable();
    }

    /// <summary>The names of a tensor's dimensions: those of the first equation that writes or reads it with a bare index there.</summary>
    internal static ImmutableArray<string> NamesOf(ScheduleState state, Buffer buffer)
    {
        var names = new string?[buffer.Shape.Length];
        foreach (int n in state.Nests.Writers(buffer).Concat(state.Nests.Readers(buffer)))
            foreach (var i in state.Nests.Instances(n))
                foreach (var region in i.Writes.Concat(i.Reads).Where(r => ReferenceEquals(r.Buffer, buffer)))
                    for (int k = 0; k < names.Length; k++)
                        if (names[k] is null && region.Start[k] is Var v && i.Iterations.Any(it => ReferenceEquals(it.Variable, v)) && !names.Contains(v.Name[1..])) names[k] = v.Name[1..];
        return [.. names.Select((name, k) => name ?? $"d{k}")];
    }

    private sealed class Redirection(CachePlan plan, PointSpace points) : Rewriter
    {
        private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

        public override Expr Visit(Expr e)
        {
            if (e is IntImm or FloatImm or Var) return e;
            if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
            return result;
        }

        protected override Expr VisitSelect(Select s) =>
            plan._default is { } d && Matches(plan, s, plan._source) && StructuralComparer.Equal(s.Else, d) ? Visit(s.Then) : base.VisitSelect(s);

        protected override Expr VisitLoad(Load l)
        {
            if (!ReferenceEquals(l.Buffer, plan._source)) return base.VisitLoad(l);
            bool isFree = l.Predicate is null || plan._default is not null && plan.IsBounds(l, l.Predicate);
            return plan.Read(l, points, VisitAll(l.Indices), isFree ? null : Visit(l.Predicate!));
        }
    }

    // x >= 0 && x < N ? A[x] : d
    private static bool Matches(CachePlan plan, Select s, Buffer source) =>
        s.Then is Load { Predicate: { } p } l && ReferenceEquals(l.Buffer, source) && StructuralComparer.Equal(s.Condition, p) && plan.IsBounds(l, p) && s.Else.TryGetConstant(out _);

    private sealed class DefaultValues(CachePlan plan, Buffer source) : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private readonly HashSet<Expr> _values = new(StructuralComparer.Instance);

        public Expr? Result => _values.Count == 1 ? _values.Single() : null;

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Select s && Matches(plan, s, source))
            {
                _values.Add(s.Else);
                foreach (var i in ((Load)s.Then).Indices) Visit(i);
                return;
            }
            // A read that gives 0 where it does not happen.
            if (e is Load { Predicate: { } p } l && ReferenceEquals(l.Buffer, source) && plan.IsBounds(l, p)) _values.Add(Expr.Zero(l.Type));
            base.Visit(e);
        }
    }
}
