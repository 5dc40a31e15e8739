using Tx.Core;
using Tx.Lower.Ir;
using static Tx.Lower.Passes.LetSequence;

namespace Tx.Lower.Passes;

/// <summary>Functions of <c>f32</c> as arithmetic, the same for scalars and vectors, without branches. Errors stay below 2 units in the last place; infinities,
/// NaN, zeros and denormal numbers come out as in <see cref="ScalarMath"/>. Coefficients are minimax fits, rounded one after another with the rest refitted.</summary>
internal static class ElementaryFunctions
{
    // 1.5·2²³: a float of moderate size that is added to it is rounded to an integer, which stands in the low bits.
    private const float Rounder = 12582912;
    private const double Log2E = 1.4426950408889634, Ln2High = 0.6931471824645996, Ln2Low = -1.904654299957767e-09;
    private const int SignBit = int.MinValue;

    /// <summary>e^x = 2^n · e^r with r in ±ln 2 / 2.</summary>
    public static Expr Exp(LetSequence s, Expr x)
    {
        x = s.Share("x", Clamp(s, x, -104, 89));
        var (rounded, w) = ExpReduced(s, x);
        var (half, rest) = Halves(s, rounded);
        return (w + Constant(x, 1)) * half * rest;
    }

    // For x in -87 .. 88: no result is denormal.
    private static Expr ExpNormal(LetSequence s, Expr x)
    {
        var (rounded, w) = ExpReduced(s, s.Share("x", x));
        return (w + Constant(x, 1)) * PowerOfTwo(Bits(rounded, ElementType.I32));
    }

    // n, still with the rounder, and e^r − 1.
    private static (Expr Rounded, Expr Value) ExpReduced(LetSequence s, Expr x)
    {
        var rounded = s.Share("t", Fma(x, Log2E, Constant(x, Rounder)));
        var n = s.Share("n", rounded - Constant(x, Rounder));
        var r = s.Share("r", Fma(n, -Ln2Low, Fma(n, -Ln2High, x)));
        var q = Polynomial(r, 0.4999999403953552, 0.16666516661643982, 0.04166810214519501, 0.008369192481040955, 0.0013839411549270153);
        return (rounded, s.Share("w", Fma(s.Share("r2", r * r), q, r)));
    }

    /// <summary>2^x = 2^n · 2^r with r in ±1/2.</summary>
    public static Expr Exp2(LetSequence s, Expr x)
    {
        x = s.Share("x", Clamp(s, x, -151, 129));
        var rounded = s.Share("t", x + Constant(x, Rounder));
        var r = s.Share("r", x - (rounded - Constant(x, Rounder)));
        var q = Polynomial(r, 0.6931471824645996, 0.24022594094276428, 0.055503662675619125, 0.009625443257391453, 0.0013388412771746516, 0.00013322154700290412);
        var (half, rest) = Halves(s, rounded);
        return Fma(r, q, 1) * half * rest;
    }

    // Two factors of 2^n. Multiplied one after the other, only the second can round (to a denormal number) or overflow.
    private static (Expr First, Expr Second) Halves(LetSequence s, Expr rounded)
    {
        var (n, half) = HalfExponent(s, rounded);
        return (PowerOfTwo(half), PowerOfTwo(n - half));
    }

    private static (Expr N, Expr Half) HalfExponent(LetSequence s, Expr rounded)
    {
        var n = s.Share("i", Bits(rounded, ElementType.I32) - Splat(rounded, BitConverter.SingleToInt32Bits(Rounder)));
        return (n, s.Share("h", Expr.Make(BinaryOp.Shr, n, Splat(n, 1))));
    }

    // The low 9 bits of the rounder are 0, so what stands above the exponent is shifted out.
    private static Expr PowerOfTwo(Expr n) => Bits(Expr.Make(BinaryOp.Shl, n + 127, Splat(n, 23)), ElementType.F32);

    public static Expr Log(LetSequence s, Expr x)
    {
        var (e, f, y) = LogReduced(s, x);
        return LogOrSpecial(x, Fma(e, Ln2High, f + Fma(e, Ln2Low, y)));
    }

    public static Expr Log2(LetSequence s, Expr x)
    {
        const double high = 1.4426950216293335, low = 1.925963033500011e-08;
        var (e, f, y) = LogReduced(s, x);
        return LogOrSpecial(x, e + Fma(f, high, Fma(f, low, y * Constant(x, high))));
    }

    // x = 2^e · (1 + f) with 1 + f in √½ .. √2; log(1 + f) = f + y.
    private static (Expr E, Expr F, Expr Y) LogReduced(LetSequence s, Expr x)
    {
        const float smallestNormal = 1.17549435e-38f;
        int sqrtHalf = BitConverter.SingleToInt32Bits(0.70710677f);
        var isDenormal = s.Share("small", x < Constant(x, smallestNormal));
        var bits = s.Share("b", Bits(Expr.If(isDenormal, x * Constant(x, 1 << 25), x), ElementType.I32));
        var n = s.Share("n", Expr.Make(BinaryOp.Shr, bits - Splat(x, sqrtHalf), Splat(x, 23)));
        var f = s.Share("f", Bits(bits - Expr.Make(BinaryOp.Shl, n, Splat(x, 23)), ElementType.F32) - Constant(x, 1));
        var e = s.Share("e", Expr.Convert(n, ElementType.F32) - Expr.If(isDenormal, Constant(x, 25), Constant(x, 0)));
        var f2 = s.Share("f2", f * f);
        var q = Polynomial(f, 0.3333331048488617, -0.25000298023223877, 0.20002496242523193, -0.16652391850948334, 0.14198651909828186,
            -0.1266258805990219, 0.12301160395145416, -0.1033126562833786, 0.042028408497571945);
        return (e, f, s.Share("y", Fma(f2, -0.5, f2 * f * q)));
    }

    private static Expr LogOrSpecial(Expr x, Expr value) => Expr.If(x > Constant(x, 0),
        Expr.If(x < Constant(x, double.PositiveInfinity), value, x),
        Expr.If(Expr.Eq(x, Constant(x, 0)), Constant(x, double.NegativeInfinity), Constant(x, double.NaN)));

    /// <summary>1 − 2e/(1 + e) with e = exp(−2|x|), a polynomial near 0.</summary>
    public static Expr Tanh(LetSequence s, Expr x)
    {
        var a = s.Share("a", Abs(x));
        var u = s.Share("u", a * a);
        var q = Polynomial(u, -0.3333328366279602, 0.1333148330450058, -0.053742773830890656, 0.020648062229156494, -0.005714059341698885);
        var near = Fma(a * u, q, a);
        var e = s.Share("e", ExpNormal(s, AtLeast(s, a * Constant(x, -2), -87)));
        var far = Fma(e / (e + Constant(x, 1)), -2, Constant(x, 1));
        return CopySign(Expr.If(a < Constant(x, 0.625), near, far), x);
    }

    /// <summary>1/(1 + e^−x) with e^−x = 2^n · (1 + w). Numerator and denominator are scaled by 2^−n/2, so that neither overflows; what the
    /// sum of the two powers loses is added again, and power · w is exact: the denominator is rounded once.</summary>
    public static Expr Sigmoid(LetSequence s, Expr x)
    {
        var (rounded, w) = ExpReduced(s, s.Share("x", Clamp(s, Expr.Make(UnaryOp.Neg, x), -104, 104)));
        var (n, half) = HalfExponent(s, rounded);
        var one = s.Share("one", PowerOfTwo(Expr.Make(UnaryOp.Neg, half)));
        var power = s.Share("power", PowerOfTwo(n - half));
        var sum = s.Share("sum", one + power);
        var lost = one - (sum - power);
        return one / (sum + Fma(power, w, lost));
    }

    /// <summary>A polynomial near 0; beyond, 1 − exp of a polynomial that fits log(1 − erf).</summary>
    public static Expr Erf(LetSequence s, Expr x)
    {
        var magnitude = s.Share("m", Abs(x));
        var a = s.Share("a", Expr.If(magnitude > Constant(x, 4), Constant(x, 4), magnitude));
        var u = s.Share("u", a * a);
        var small = Polynomial(u, 0.12837915122509003, -0.3761249780654907, 0.11281830072402954, -0.02676641196012497, 0.004992099944502115, -0.0005982202710583806);
        var near = Fma(a, small, a);
        var large = Polynomial(a, -0.12851189076900482, -0.6357266306877136, -0.10525092482566833, 0.0228829737752676, -0.0032127704471349716, 0.00021371776529122144);
        var far = Constant(x, 1) - ExpNormal(s, Fma(a, large, Expr.Make(UnaryOp.Neg, a)));
        return CopySign(Expr.If(a < Constant(x, 0.9277), near, far), x);
    }

    public static Expr Rsqrt(Expr x) => Constant(x, 1) / new Call(Intrinsic.Sqrt, [x]);

    // Comparisons with NaN are false, so NaN stays.
    private static Expr Clamp(LetSequence s, Expr x, double low, double high)
    {
        var below = s.Share("c", Expr.If(x > Constant(x, high), Constant(x, high), x));
        return AtLeast(s, below, low);
    }

    private static Expr AtLeast(LetSequence s, Expr x, double low)
    {
        x = s.Share("c", x);
        return Expr.If(x < Constant(x, low), Constant(x, low), x);
    }

    private static Expr CopySign(Expr magnitude, Expr sign) => Bits(
        Expr.Or(Bits(magnitude, ElementType.I32), Expr.And(Bits(sign, ElementType.I32), Splat(sign, SignBit))), ElementType.F32);

    private static Expr Splat(Expr like, int value) => Expr.Splat(new IntImm(ElementType.I32, value), like.Type.Lanes);
}
