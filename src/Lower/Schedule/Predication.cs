using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>Makes an expression harmless where a condition is false: loads do not happen, integer divisors become 1. Its value there means nothing.</summary>
internal sealed class Predication : Rewriter
{
    private readonly Expr _condition;
    private readonly Func<Load, bool> _needs;
    private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

    private Predication(Expr condition, Func<Load, bool> needs) => (_condition, _needs) = (condition, needs);

    /// <param name="needs">Loads that the condition is about; null: all.</param>
    public static Expr Apply(Expr e, Expr condition, Func<Load, bool>? needs = null) =>
        condition.IsTrue ? e : new Predication(condition, needs ?? (_ => true)).Visit(e);

    public override Expr Visit(Expr e)
    {
        if (e is IntImm or FloatImm or Var) return e;
        if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
        return result;
    }

    protected override Expr VisitLoad(Load l) =>
        _needs(l) ? new Load(l.Buffer, VisitAll(l.Indices), l.Predicate is null ? _condition : Expr.And(_condition, Visit(l.Predicate))) : base.VisitLoad(l);

    protected override Expr VisitBinary(Binary b)
    {
        if (!IsTrapping(b)) return base.VisitBinary(b);
        var divisor = Visit(b.Right);
        return new Binary(b.Op, Visit(b.Left), Expr.If(_condition, divisor, new IntImm(divisor.Type.Element, 1)));
    }

    /// <summary>True for an integer division whose divisor could be 0.</summary>
    public static bool IsTrapping(Expr e) =>
        e is Binary { Op: BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod } b && b.Type.Element.IsInteger
        && !(b.Right.TryGetConstant(out var d) && d.Integer != 0);
}
