using Tx.Core;
using Tx.Lower.Ir;
using static Tx.Lower.Passes.LetSequence;

namespace Tx.Lower.Passes;

/// <summary>Sine and cosine of <c>f32</c>: |x| = n·π/2 + r with r in ±π/4; the quadrant n mod 4 chooses polynomial and sign.</summary>
internal static class TrigonometricFunctions
{
    // Up to here n has so few bits that three floats of π/2 give r to 1.5 units of its last place.
    private const double NearLimit = 65536;

    public static Expr Sin(LetSequence s, Expr x) => Expand(s, x, isCosine: false);
    public static Expr Cos(LetSequence s, Expr x) => Expand(s, x, isCosine: true);

    private static Expr Expand(LetSequence s, Expr x, bool isCosine)
    {
        var a = s.Share("a", Abs(x));
        var near = s.Share("near", Near(s, x, a, isCosine));
        var isFar = s.Share("far", a > Constant(a, NearLimit));
        var branch = new LetSequence();
        var far = Far(branch, x, a, isCosine);
        // Large arguments are rare: only where a lane has one is their cost to be paid.
        return x.Type.IsVector ? Expr.If(LaneMath.Any(isFar), branch.In(Expr.If(isFar, far, near)), near) : new Select(isFar, branch.In(far), near, rare: true);
    }

    private static Expr Near(LetSequence s, Expr x, Expr a, bool isCosine)
    {
        // 1.5·2²³: a float that is added to it is rounded to an integer, which stands in the low bits.
        const double rounder = 12582912;
        var rounded = s.Share("t", Fma(a, 0.6366197466850281, Constant(a, rounder)));
        var n = s.Share("n", rounded - Constant(a, rounder));
        var r = s.Share("r", Fma(n, 1.7151245100058819e-15, Fma(n, 4.371138828673793e-08, Fma(n, -1.5707963705062866, a))));
        return InQuadrant(s, x, r, Bits(rounded, ElementType.I32), isCosine);
    }

    /// <summary>For |x| from <see cref="NearLimit"/> on, as Payne and Hanek do it: x = m·2^k with an integer m below 2⁵⁰ and one of four k, so that the factor
    /// 2^k·2/π may be taken mod 4 before the product is formed. The factor has two doubles and the product is exact to 2⁻⁵⁷.</summary>
    private static Expr Far(LetSequence s, Expr x, Expr a, bool isCosine)
    {
        const double rounder = 6755399441055744;
        var wide = s.Share("wide", Expr.Convert(a, ElementType.F64));
        var (is47, is74, is101) = (s.Share("c", wide < Constant(wide, Math.ScaleB(1, 47))), s.Share("c", wide < Constant(wide, Math.ScaleB(1, 74))),
            s.Share("c", wide < Constant(wide, Math.ScaleB(1, 101))));
        Expr Choose(double below47, double below74, double below101, double above) => Expr.If(is47, Constant(wide, below47),
            Expr.If(is74, Constant(wide, below74), Expr.If(is101, Constant(wide, below101), Constant(wide, above))));
        var m = s.Share("m", wide * Choose(1, Math.ScaleB(1, -24), Math.ScaleB(1, -51), Math.ScaleB(1, -78)));
        var high = s.Share("high", Choose(0.6366197723675814, -0.5691182564096516, 0.6613751190585037, 1.8357618630902273));
        var low = Choose(-3.935735335036497e-17, -9.117048055938418e-18, 2.292706997077757e-17, 9.501113504670287e-17);
        var product = s.Share("p", m * high);
        var rest = Fma(m, low, Fma(m, high, Expr.Make(UnaryOp.Neg, product)));
        // The large part of the product has few bits behind its point: the quadrant is settled when the small one is added.
        var (whole, left) = Round(product);
        var (carry, turn) = Round(left + rest);
        var r = s.Share("r", Expr.Convert(turn * Constant(product, 1.5707963267948966), ElementType.F32));
        return InQuadrant(s, x, r, whole + carry, isCosine);

        (Expr Integer, Expr Fraction) Round(Expr value)
        {
            value = s.Share("v", value);
            var rounded = s.Share("t", value + Constant(value, rounder));
            return (Expr.Convert(Bits(rounded, ElementType.I64), ElementType.I32), value - (rounded - Constant(value, rounder)));
        }
    }

    private static Expr InQuadrant(LetSequence s, Expr x, Expr r, Expr n, bool isCosine)
    {
        var quadrant = s.Share("q", isCosine ? n + 1 : n);
        var u = s.Share("u", r * r);
        var sine = Fma(r * u, Polynomial(u, -0.16666655242443085, 0.008332190103828907, -0.00019518403860274702), r);
        var cosine = Fma(u * u, Polynomial(u, 0.04166664555668831, -0.00138873013202101, 2.4430670237052254e-05), Fma(u, -0.5, Constant(u, 1)));
        var value = Expr.If(Expr.Eq(Expr.And(quadrant, Splat(x, 1)), Splat(x, 0)), sine, cosine);
        var sign = Expr.Make(BinaryOp.Shl, Expr.And(quadrant, Splat(x, 2)), Splat(x, 30));
        if (!isCosine) sign = Expr.Make(BinaryOp.Xor, sign, Expr.And(Bits(x, ElementType.I32), Splat(x, int.MinValue)));
        return Bits(Expr.Make(BinaryOp.Xor, Bits(value, ElementType.I32), sign), ElementType.F32);
    }

    private static Expr Splat(Expr like, int value) => Expr.Splat(new IntImm(ElementType.I32, value), like.Type.Lanes);
}
