using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>One of the points that a question is about: an access with variables of its own for its loops. What it reads from buffers that change
/// meanwhile is a value of its own, too.</summary>
internal sealed class Side
{
    private readonly Dictionary<Var, Expr> _own = [];
    private readonly UnstableLoads _unstable;

    public Side(Access access, Func<Buffer, bool> isUnstable)
    {
        (Access, _unstable) = (access, new(isUnstable));
        foreach (var l in access.Loops) _own[l.Variable] = Var.Index(l.Variable.Name);
        foreach (var v in access.Free) _own[v] = Var.Index(v.Name);
        Indices = [.. access.Indices.Select(Rename)];
        Conditions = [.. access.Loops.SelectMany(DependenceContext.RangeOf).Concat(access.Guards).Select(Rename)];
    }

    public Access Access { get; }
    public ImmutableArray<Expr> Indices { get; }
    /// <summary>The loops' ranges and the guards.</summary>
    public ImmutableArray<Expr> Conditions { get; }

    /// <summary>The variable of a loop at this point; a loop further out has one for all.</summary>
    public Expr At(Var loop) => _own.GetValueOrDefault(loop, loop);

    public Expr Rename(Expr e) => _unstable.Visit(e.Substitute(_own));

    public ImmutableArray<(Var, long)> Values(IReadOnlyDictionary<Var, long> point) =>
        [.. Access.Loops.Select(l => (l.Variable, point.GetValueOrDefault((Var)_own[l.Variable])))];

    public ImmutableArray<long> Element(IReadOnlyDictionary<Var, long> point)
    {
        var evaluator = new PointEvaluator(point);
        return [.. Indices.Select(i => evaluator.Evaluate(i) ?? 0)];
    }

    /// <summary>"Both touch one element."</summary>
    public static IEnumerable<Expr> SameElement(Side a, Side b) => a.Indices.Zip(b.Indices).Select(p => Expr.Eq(p.First, p.Second));

    /// <summary>"The point of <paramref name="a"/> may run before that of <paramref name="b"/>", for accesses below one root.</summary>
    public static Expr Before(Side a, Side b)
    {
        Expr before = Expr.False, same = Expr.True;
        foreach (var (x, y) in a.Access.Loops.Zip(b.Access.Loops))
        {
            if (!ReferenceEquals(x.Variable, y.Variable)) break;
            var (p, q) = (a.At(x.Variable), b.At(x.Variable));
            // Agents of a marked loop run in any order.
            before = Expr.Or(before, Expr.And(same, x.Kind is LoopKind.Serial or LoopKind.Unrolled ? p < q : Expr.Ne(p, q)));
            same = Expr.And(same, Expr.Eq(p, q));
        }
        return a.Access.Order < b.Access.Order ? Expr.Or(before, same) : before;
    }

    // Each load has a buffer of its own, so that no two are taken for one value.
    private sealed class UnstableLoads(Func<Buffer, bool> isUnstable) : Rewriter
    {
        public override Expr Visit(Expr e) => e is IntImm or FloatImm or Var || e.BuffersRead().IsEmpty ? e : base.Visit(e);

        protected override Expr VisitLoad(Load l) =>
            isUnstable(l.Buffer) && l.Type.Lanes == 1 ? new Load(new Buffer(l.Buffer.Name, l.Buffer.Type, [], BufferRole.Temporary), []) : base.VisitLoad(l);
    }
}
