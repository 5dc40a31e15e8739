using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    // ⌊l / r⌋ of indices. With c > 0 and l = c·q + rest: q + ⌊rest / c⌋, exactly, since indices do not overflow.
    private Expr? Quotient(Expr l, Expr r)
    {
        if (l.Type != IrType.Index || !context.IsIndex(l) || !context.IsIndex(r)) return null;
        if (r is not IntImm { Value: > 1 and var divisor }) return LiesBelow(l, r) ? IntImm.Index(0) : null;
        if (LinearForm.Of(l) is not { } form) return null;
        long c = divisor;
        var (multiples, rest) = Split(form, c);
        if (ConstantQuotient(rest, c) is { } q) return multiples.DividedBy(c).Plus(q)?.ToExpr();
        bool moved = !multiples.IsConstant || multiples.Constant != 0;
        // ⌊(g·s + k) / (g·d)⌋ = ⌊(s + ⌊k / g⌋) / d⌋
        long g = Gcd(rest.Divisor(), c);
        if (g > 1)
        {
            rest = rest.WithConstant(0).DividedBy(g).WithConstant(ScalarMath.FloorDiv(rest.Constant, g));
            c /= g;
            moved = true;
        }
        // ⌊⌊x / d⌋ / c⌋ = ⌊x / (d·c)⌋
        if (rest is { Constant: 0, Terms: [{ Value: 1, Key: Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 and var d } } inner }] } && (Int128)d * c <= long.MaxValue)
        {
            rest = LinearForm.Of(inner.Left) ?? rest;
            c *= d;
            moved = true;
        }
        if (!moved) return null;
        var quotient = c == 1 ? rest.ToExpr() : new Binary(BinaryOp.Div, rest.ToExpr(), IntImm.Index(c));
        return LinearForm.Of(quotient)?.Plus(multiples.DividedBy(divisor))?.ToExpr();
    }

    private Expr? Remainder(Expr l, Expr r)
    {
        if (l.Type != IrType.Index || !context.IsIndex(l) || !context.IsIndex(r)) return null;
        if (r is not IntImm { Value: > 1 and var c }) return LiesBelow(l, r) ? l : null;
        if (LinearForm.Of(l) is not { } form) return null;
        var (multiples, rest) = Split(form, c);
        bool moved = !multiples.IsConstant || multiples.Constant != 0;
        // (x mod d) mod c = x mod c when c divides d
        foreach (var (atom, _) in rest.Terms)
            if (atom is Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 and var d } } inner && d % c == 0
                && LinearForm.Of(inner.Left) is { } x && rest.Replace(atom, x) is { } opened)
                return Visit(new Binary(BinaryOp.Mod, opened.ToExpr(), r));
        if (ConstantQuotient(rest, c) is { } q) return rest.Plus(-q * c)?.ToExpr();
        // (g·s + k) mod (g·d) = g·((s + ⌊k / g⌋) mod d) + k mod g
        long g = Gcd(rest.Divisor(), c);
        if (g > 1)
        {
            long k = rest.Constant;
            var s = rest.WithConstant(0).DividedBy(g).WithConstant(ScalarMath.FloorDiv(k, g));
            return LinearForm.Of(0).Plus(LinearForm.Of(new Binary(BinaryOp.Mod, s.ToExpr(), IntImm.Index(c / g)))!, g)?.Plus(ScalarMath.FloorMod(k, g))?.ToExpr();
        }
        return moved ? new Binary(BinaryOp.Mod, rest.ToExpr(), r) : null;
    }

    // form = multiples + rest, where c divides every coefficient of multiples, and the constant of rest lies in 0 .. c.
    private static (LinearForm Multiples, LinearForm Remaining) Split(LinearForm form, long c)
    {
        long k = ScalarMath.FloorMod(form.Constant, c);
        return (form.Where(a => a % c == 0, constant: false).WithConstant(form.Constant - k), form.Where(a => a % c != 0, constant: false).WithConstant(k));
    }

    private long? ConstantQuotient(LinearForm rest, long c)
    {
        var range = context.IntervalOf(rest);
        if (range.Min != long.MinValue && range.Max != long.MaxValue)
        {
            long q = ScalarMath.FloorDiv(range.Min, c);
            if (q == ScalarMath.FloorDiv(range.Max, c)) return q;
        }
        return !rest.IsConstant && context.Decide(BinaryOp.Ge, rest) == true && rest.Plus(-c) is { } below && context.Decide(BinaryOp.Lt, below) == true ? 0 : null;
    }

    // 0 ≤ l < r
    private bool LiesBelow(Expr l, Expr r) => context.Decide(BinaryOp.Ge, l, IntImm.Index(0)) == true && context.Decide(BinaryOp.Lt, l, r) == true;

    private static long Gcd(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
