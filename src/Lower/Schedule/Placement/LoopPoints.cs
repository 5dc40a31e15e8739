using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Placement;

/// <summary>Gives an instance the values of loops around it, which its body sees through iterations alone.</summary>
/// <param name="loops">All loops around the instance.</param>
internal sealed class LoopPoints(Instance instance, ImmutableArray<For> loops)
{
    private readonly List<IterVar> _iterations = [.. instance.Iterations];
    private readonly Dictionary<Var, Expr> _points = [];

    // Not names that an index of a stage could have: those begin with `v`.
    private const string PointPrefix = "at_", GuardPrefix = "in_";

    /// <summary>The instance's own iterations, and after them, by name, those that were needed: the order of two steps does not show in it.</summary>
    public ImmutableArray<IterVar> Iterations => InOrder(_iterations);

    /// <summary><see cref="Iterations"/> with one more that nothing uses: over a part of a loop.</summary>
    public ImmutableArray<IterVar> WithGuard(For loop, Expr start, Expr end, IterKind kind) =>
        InOrder([.. _iterations, new(Var.Index(GuardPrefix + loop.Variable.Name), start, end, kind, loop.Variable)]);

    private static ImmutableArray<IterVar> InOrder(List<IterVar> iterations) =>
        IterationOrder.Sorted([.. iterations.Where(it => !IsAdded(it)), .. iterations.Where(IsAdded).OrderBy(it => it.Variable.Name, StringComparer.Ordinal)]);

    private static bool IsAdded(IterVar it) => it.Variable.Name.StartsWith(PointPrefix, StringComparison.Ordinal) || it.Variable.Name.StartsWith(GuardPrefix, StringComparison.Ordinal);

    /// <summary>An expression over loops, over iterations.</summary>
    public Expr Of(Expr e)
    {
        foreach (var v in e.FreeVars())
            if (!_points.ContainsKey(v) && loops.FirstOrDefault(l => ReferenceEquals(l.Variable, v)) is { } loop) _points.Add(v, PointOf(loop));
        return e.Substitute(_points);
    }

    private Var PointOf(For loop)
    {
        if (_iterations.Find(it => ReferenceEquals(it.Binding, loop.Variable)) is { } known) return known.Variable;
        var point = Var.Index(PointPrefix + loop.Variable.Name);
        var (start, end) = (Of(loop.Min), Of(loop.Min + loop.Extent));
        bool Uses(IterKind kind) => instance.Iterations.Any(it => it.Kind == kind && it.Binding.UsesVar(loop.Variable));
        _iterations.Add(new(point, start, end, Uses(IterKind.Reduction) ? IterKind.Reduction : Uses(IterKind.Opaque) ? IterKind.Opaque : IterKind.Spatial, loop.Variable));
        return point;
    }
}

/// <summary>Puts a buffer in the place of another one, with other indices.</summary>
internal sealed class Redirection : Rewriter
{
    private readonly IReadOnlyDictionary<Buffer, Buffer> _buffers;
    private readonly Func<Buffer, ImmutableArray<Expr>, ImmutableArray<Expr>> _place;
    private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

    private Redirection(IReadOnlyDictionary<Buffer, Buffer> buffers, Func<Buffer, ImmutableArray<Expr>, ImmutableArray<Expr>> place) => (_buffers, _place) = (buffers, place);

    /// <summary>Redirects all accesses below a nest's statement.</summary>
    /// <param name="loops">Those around the statement.</param>
    /// <param name="place">From a buffer and an access's indices, over loops, gives an index to the new buffer. Expressions over loops become expressions over points.</param>
    public static Stmt Apply(Stmt s, ImmutableArray<For> loops, IReadOnlyDictionary<Buffer, Buffer> buffers, Func<Buffer, ImmutableArray<Expr>, LoopPoints, ImmutableArray<Expr>> place)
    {
        switch (s)
        {
            case Block b: return Block.Of(b.Statements.Select(x => Apply(x, loops, buffers, place)).ToList());
            case For f: return f.WithBody(Apply(f.Body, loops.Add(f), buffers, place));
            case Allocate a: return Apply(a.Body, loops, buffers, place) is var inner && ReferenceEquals(inner, a.Body) ? a : new Allocate(a.Buffer, inner, a.Origin);
            case LetStmt l: return Apply(l.Body, loops, buffers, place) is var rest && ReferenceEquals(rest, l.Body) ? l : new LetStmt(l.Variable, l.Value, rest, l.Origin);
            case If i:
                return new If(i.Condition, Apply(i.Then, loops, buffers, place), i.Else is null ? null : Apply(i.Else, loops, buffers, place), i.Origin);
            case Instance i:
                if (!i.Reads.Concat(i.Writes).Any(r => buffers.ContainsKey(r.Buffer))) return i;
                var points = new LoopPoints(i, loops);
                var rewriter = new Redirection(buffers, (b, indices) => place(b, indices, points));
                var (init, body) = (i.Init is null ? null : rewriter.Visit(i.Init), rewriter.Visit(i.Body));
                return new Instance(i.Name, points.Iterations, Regions.Read(init, body), Regions.Written(init, body), init, body, i.Reassociate, i.Origin);
            default: return s;
        }
    }

    public override Expr Visit(Expr e)
    {
        if (e is IntImm or FloatImm or Var) return e;
        if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
        return result;
    }

    protected override Expr VisitLoad(Load l) =>
        _buffers.TryGetValue(l.Buffer, out var other) ? new Load(other, _place(l.Buffer, VisitAll(l.Indices)), l.Predicate is null ? null : Visit(l.Predicate)) : base.VisitLoad(l);

    protected override Stmt VisitStore(Store s) =>
        _buffers.TryGetValue(s.Buffer, out var other)
            ? new Store(other, _place(s.Buffer, VisitAll(s.Indices)), Visit(s.Value), s.Predicate is null ? null : Visit(s.Predicate), s.NonTemporal, s.Origin) : base.VisitStore(s);
}
