using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>Lowest and highest value of an index expression, as expressions over the dimensions.</summary>
internal static class RangeLimits
{
    /// <param name="known">Inclusive limits of the variables that range; others stand for themselves.</param>
    /// <exception cref="CompilerBugException">The expression uses a ranging variable in a form whose limits are not known.</exception>
    public static (Expr Low, Expr High) Of(Expr e, IReadOnlyDictionary<Var, (Expr Low, Expr High)> known)
    {
        if (e is Var v) return known.TryGetValue(v, out var limits) ? limits : (v, v);
        if (!e.FreeVars().Any(known.ContainsKey)) return (e, e);
        switch (e)
        {
            case Unary { Op: UnaryOp.Neg } u when Of(u.Operand, known) is var (low, high): return (Expr.Index(0) - high, Expr.Index(0) - low);
            case Call { Function: Intrinsic.Abs } c when Of(c.Arguments[0], known) is var (low, high): return (Expr.Index(0), Expr.Max(high, Expr.Index(0) - low));
            case Select s when Of(s.Then, known) is var then && Of(s.Else, known) is var other: return (Expr.Min(then.Low, other.Low), Expr.Max(then.High, other.High));
        }
        if (e is not Binary b) throw new CompilerBugException("nest builder", $"no limits of {e}");
        var (l, r) = (Of(b.Left, known), Of(b.Right, known));
        switch (b.Op)
        {
            case BinaryOp.Add or BinaryOp.Min or BinaryOp.Max: return (Expr.Make(b.Op, l.Low, r.Low), Expr.Make(b.Op, l.High, r.High));
            case BinaryOp.Sub: return (l.Low - r.High, l.High - r.Low);
            case BinaryOp.Mul or BinaryOp.Div or BinaryOp.TruncDiv:
            {
                Expr[] corners = [Expr.Make(b.Op, l.Low, r.Low), Expr.Make(b.Op, l.Low, r.High), Expr.Make(b.Op, l.High, r.Low), Expr.Make(b.Op, l.High, r.High)];
                return (corners.Aggregate(Expr.Min), corners.Aggregate(Expr.Max));
            }
            // It has the sign of the divisor, and is smaller.
            case BinaryOp.Mod when r.Low is IntImm { Value: > 0 } && ReferenceEquals(r.Low, r.High): return (Expr.Index(0), r.High - 1);
            case BinaryOp.Mod: return (Expr.Min(Expr.Index(0), r.Low + 1), Expr.Max(Expr.Index(0), r.High - 1));
            case BinaryOp.TruncMod: return (Expr.Min(Expr.Index(0), l.Low), Expr.Max(Expr.Index(0), l.High));
            case BinaryOp.And when r.Low is IntImm { Value: >= 0 } && ReferenceEquals(r.Low, r.High): return (Expr.Index(0), r.High);
            case BinaryOp.Shl or BinaryOp.Shr when ReferenceEquals(r.Low, r.High): return (Expr.Make(b.Op, l.Low, r.Low), Expr.Make(b.Op, l.High, r.High));
            default: throw new CompilerBugException("nest builder", $"no limits of {e}");
        }
    }
}
