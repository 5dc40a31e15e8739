using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>Lowest and highest value of an index expression, as expressions over the dimensions.</summary>
internal static class RangeLimits
{
    /// <param name="known">Inclusive limits of the variables that range; others stand for themselves.</param>
    /// <exception cref="CompilerBugException">The expression uses a ranging variable in a form that is not monotone.</exception>
    public static (Expr Low, Expr High) Of(Expr e, IReadOnlyDictionary<Var, (Expr Low, Expr High)> known)
    {
        if (e is Var v) return known.TryGetValue(v, out var limits) ? limits : (v, v);
        if (e is not Binary b) return (e, e);
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
            case BinaryOp.Mod when r.Low is IntImm { Value: > 0 } && ReferenceEquals(r.Low, r.High): return (Expr.Index(0), r.High - 1);
            default: return ReferenceEquals(l.Low, l.High) && ReferenceEquals(r.Low, r.High) ? (e, e) : throw new CompilerBugException("nest builder", $"no limits of {e}");
        }
    }
}
