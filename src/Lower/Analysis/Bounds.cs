using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>Lowest and highest values of index expressions as expressions: what a region of a buffer is made from.</summary>
public static class Bounds
{
    /// <summary>The ends (both included) of an index expression of one lane while variables lie between theirs. The ends of a variable may use variables
    /// further out, which are replaced in turn. Null where no end is known.</summary>
    /// <param name="ranges">For each variable its lowest and highest value; any other variable is left as it is.</param>
    public static (Expr? Min, Expr? Max) Of(Expr e, IReadOnlyDictionary<Var, (Expr Min, Expr Max)> ranges)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (e)
        {
            case IntImm: return (e, e);
            case Var v:
                if (!ranges.TryGetValue(v, out var range)) return (v, v);
                return (Of(range.Min, ranges).Min, Of(range.Max, ranges).Max);
            case Binary { Op: BinaryOp.Add } b:
                var ((l0, l1), (r0, r1)) = (Of(b.Left, ranges), Of(b.Right, ranges));
                return (Both(BinaryOp.Add, l0, r0), Both(BinaryOp.Add, l1, r1));
            case Binary { Op: BinaryOp.Sub } b:
                var ((x0, x1), (y0, y1)) = (Of(b.Left, ranges), Of(b.Right, ranges));
                return (Both(BinaryOp.Sub, x0, y1), Both(BinaryOp.Sub, x1, y0));
            case Unary { Op: UnaryOp.Neg } u:
                var (low, high) = Of(u.Operand, ranges);
                return (high is null ? null : -high, low is null ? null : -low);
            case Binary { Op: BinaryOp.Mul, Right: IntImm k } b: return Scaled(Of(b.Left, ranges), k);
            case Binary { Op: BinaryOp.Mul, Left: IntImm k } b: return Scaled(Of(b.Right, ranges), k);
            // Floor division by a positive constant does not change an order.
            case Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 } c } b:
                var (q0, q1) = Of(b.Left, ranges);
                return (Both(BinaryOp.Div, q0, c), Both(BinaryOp.Div, q1, c));
            case Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 } c }: return (IntImm.Index(0), IntImm.Index(c.Value - 1));
            case Binary { Op: BinaryOp.Min or BinaryOp.Max } b:
                var ((a0, a1), (b0, b1)) = (Of(b.Left, ranges), Of(b.Right, ranges));
                // One side's end still bounds a minimum from above and a maximum from below.
                return b.Op is BinaryOp.Min ? (Both(b.Op, a0, b0), Both(b.Op, a1, b1) ?? a1 ?? b1) : (Both(b.Op, a0, b0) ?? a0 ?? b0, Both(b.Op, a1, b1));
            case Select s:
                var ((t0, t1), (e0, e1)) = (Of(s.Then, ranges), Of(s.Else, ranges));
                return (Both(BinaryOp.Min, t0, e0), Both(BinaryOp.Max, t1, e1));
            default:
                return e.UsesAny(ranges.ContainsKey) || e is Load ? (null, null) : (e, e);
        }
    }

    private static Expr? Both(BinaryOp op, Expr? a, Expr? b) => a is null || b is null ? null : Expr.Make(op, a, b);

    private static (Expr?, Expr?) Scaled((Expr? Min, Expr? Max) range, IntImm k)
    {
        var (low, high) = (Both(BinaryOp.Mul, range.Min, k), Both(BinaryOp.Mul, range.Max, k));
        return k.Value < 0 ? (high, low) : (low, high);
    }
}
