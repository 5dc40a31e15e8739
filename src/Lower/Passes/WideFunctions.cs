using Tx.Core;
using Tx.Lower.Ir;
using static Tx.Lower.Passes.LetSequence;

namespace Tx.Lower.Passes;

/// <summary>Functions of <c>f32</c> that need more than its precision on the way: they are computed in <c>f64</c>.</summary>
internal static class WideFunctions
{
    // 1.5·2⁵²: rounds what is added to it to an integer, which stands in the low bits.
    private const double Rounder = 6755399441055744;

    /// <summary>2^(y · log2 |x|), with the sign of an odd power and the special cases of IEEE 754.</summary>
    public static Expr Pow(LetSequence s, Expr x, Expr y)
    {
        var wideY = s.Share("wy", Expr.Convert(y, ElementType.F64));
        var exponent = wideY * Log2(s, s.Share("wx", Expr.Convert(Abs(x), ElementType.F64)));
        var magnitude = Expr.Convert(Exp2(s, exponent), ElementType.F32);

        var zero = Constant(x, 0);
        var isInteger = s.Share("whole", Expr.Eq(new Call(Intrinsic.Floor, [y]), y));
        var half = s.Share("half", y * Constant(y, 0.5));
        var isOdd = Expr.And(isInteger, Expr.Ne(new Call(Intrinsic.Floor, [half]), half));
        var sign = Expr.If(isOdd, Expr.And(Bits(x, ElementType.I32), Splat(x, int.MinValue)), Splat(x, 0));
        var signed = Bits(Expr.Make(BinaryOp.Xor, Bits(magnitude, ElementType.I32), sign), ElementType.F32);

        var hasNoPower = Expr.And(Expr.And(x < zero, x > Constant(x, double.NegativeInfinity)), Expr.Not(isInteger));
        var isOne = Expr.Or(Expr.Or(Expr.Eq(x, Constant(x, 1)), Expr.Eq(y, zero)),
            Expr.And(Expr.Eq(x, Constant(x, -1)), Expr.Eq(Abs(y), Constant(y, double.PositiveInfinity))));
        return Expr.If(isOne, Constant(x, 1), Expr.If(hasNoPower, Constant(x, double.NaN), signed));
    }

    // x = 2^e · m with m in √½ .. √2; log2 m = atanh form over (m − 1)/(m + 1). No f32 is denormal here.
    private static Expr Log2(LetSequence s, Expr x)
    {
        var bits = s.Share("b", Bits(x, ElementType.I64));
        var n = s.Share("n", Expr.Make(BinaryOp.Shr, bits - SplatLong(x, BitConverter.DoubleToInt64Bits(0.7071067811865476)), SplatLong(x, 52)));
        var m = s.Share("m", Bits(bits - Expr.Make(BinaryOp.Shl, n, SplatLong(x, 52)), ElementType.F64));
        var f = s.Share("f", (m - Constant(m, 1)) / (m + Constant(m, 1)));
        var q = Polynomial(s.Share("u", f * f), 2.885390081777927, 0.9617966939244094, 0.577078017228298, 0.41219840392779966, 0.3206162922665999,
            0.2614466064392151, 0.24289374168665703);
        var value = Fma(f, q, Expr.Convert(n, ElementType.F64));
        return s.Share("log", Expr.If(x > Constant(x, 0), Expr.If(x < Constant(x, double.PositiveInfinity), value, x),
            Expr.If(Expr.Eq(x, Constant(x, 0)), Constant(x, double.NegativeInfinity), x)));
    }

    private static Expr Exp2(LetSequence s, Expr x)
    {
        x = s.Share("z", x);
        x = s.Share("z", Expr.If(x > Constant(x, 200), Constant(x, 200), x));
        x = s.Share("z", Expr.If(x < Constant(x, -200), Constant(x, -200), x));
        var rounded = s.Share("t", x + Constant(x, Rounder));
        var r = s.Share("r", x - (rounded - Constant(x, Rounder)));
        var q = Polynomial(r, 0.6931471805481941, 0.2402265070529835, 0.055504109384278244, 0.009618128415644061, 0.0013333446805951909,
            0.0001540251630903238, 1.5314685490442512e-05, 1.366866909011808e-06);
        // The low 12 bits of the rounder are 0: what stands above the exponent is shifted out.
        var power = Bits(Expr.Make(BinaryOp.Shl, Bits(rounded, ElementType.I64) + 1023, SplatLong(x, 52)), ElementType.F64);
        return Fma(r, q, 1) * power;
    }

    private static Expr Splat(Expr like, int value) => Expr.Splat(new IntImm(ElementType.I32, value), like.Type.Lanes);
    private static Expr SplatLong(Expr like, long value) => Expr.Splat(new IntImm(ElementType.I64, value), like.Type.Lanes);
}
