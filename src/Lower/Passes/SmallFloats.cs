using Tx.Core;
using Tx.Lower.Ir;
using static Tx.Lower.Passes.LetSequence;

namespace Tx.Lower.Passes;

/// <summary>Values of <c>f16</c> and <c>bf16</c> held in <c>f32</c>: rounding to nearest even, and the way from and to the bits in memory.</summary>
/// <param name="convertsHalf">The machine converts between <c>f16</c> and <c>f32</c>; otherwise that is integer arithmetic, too.</param>
internal sealed class SmallFloats(bool convertsHalf)
{
    private const long F32Infinity = 0x7F800000, F16Infinity = 0x7C00, F16Nan = 0x7E00;

    /// <summary>The nearest value of the type to an <c>f32</c>.</summary>
    public Expr Round(Expr x, ElementType type)
    {
        if (type is ElementType.F16) return convertsHalf ? Expr.Convert(Expr.Convert(x, ElementType.F16), ElementType.F32) : FromHalfBits(ToHalfBits(x));
        var s = new LetSequence();
        x = s.Share("x", x);
        var bits = s.Share("b", Bits(x, ElementType.U32));
        // Half of the last place kept, less one where that place is even; a carry goes into the exponent, up to infinity.
        var rounded = bits + (Shr(bits, 16) & 1) + 0x7FFF;
        // What is cut off a NaN must not be all that makes it one.
        var kept = Expr.If(Expr.Make(Intrinsic.IsNan, x), bits | 0x400000, rounded);
        return s.In(Bits(kept & 0xFFFF0000, ElementType.F32));
    }

    /// <summary>The nearest value to an integer or a float of any type but the small ones, rounded once.</summary>
    public Expr RoundOnce(Expr x, ElementType type) => x.Type.Element switch
    {
        ElementType.F32 => Round(x, type),
        ElementType.F64 => Round(ToOdd(x), type),
        ElementType.I32 or ElementType.U32 => Round(ToOdd(Expr.Convert(x, ElementType.F64)), type),
        ElementType.I64 or ElementType.U64 => Round(ToOdd(Expr.Convert(Fold(x), ElementType.F64)), type),
        _ => Round(Expr.Convert(x, ElementType.F32), type),
    };

    /// <summary>What a load gives, as <c>f32</c>.</summary>
    public Expr Decode(Expr loaded) => loaded.Type.Element is ElementType.F16 && convertsHalf ? Expr.Convert(loaded, ElementType.F32) : FromBits(Bits(loaded, ElementType.U16), loaded.Type.Element);

    /// <summary>What is stored for a value that <see cref="Round"/> gave.</summary>
    public Expr Encode(Expr value, ElementType type) => type is ElementType.F16 && convertsHalf ? Expr.Convert(value, ElementType.F16) : Bits(ToBits(value, type), type);

    public Expr FromBits(Expr bits, ElementType type) =>
        type is ElementType.BF16 ? Bits(Shl(Expr.Convert(bits, ElementType.U32), 16), ElementType.F32)
        : convertsHalf ? Expr.Convert(Bits(bits, ElementType.F16), ElementType.F32)
        : FromHalfBits(bits);

    public Expr ToBits(Expr value, ElementType type) =>
        type is ElementType.BF16 ? Expr.Convert(Shr(Bits(value, ElementType.U32), 16), ElementType.U16)
        : convertsHalf ? Bits(Expr.Convert(value, ElementType.F16), ElementType.U16)
        : ToHalfBits(value);

    // Of a subnormal f16 the exponent is 1 and there is no leading one: adding that one and taking it off again as a float normalises.
    private static Expr FromHalfBits(Expr bits)
    {
        var s = new LetSequence();
        var wide = s.Share("h", Expr.Convert(bits, ElementType.U32));
        var shifted = s.Share("m", Shl(wide & 0x7FFF, 13));
        var exponent = s.Share("e", shifted & (F16Infinity << 13));
        var rebased = s.Share("r", shifted + ((127 - 15) << 23));
        var subnormal = Bits(Bits(rebased + (1 << 23), ElementType.F32) - Bits(Like(wide, (127 - 14) << 23), ElementType.F32), ElementType.U32);
        var magnitude = Expr.If(Expr.Eq(exponent, Like(wide, F16Infinity << 13)), rebased + ((128 - 16) << 23), Expr.If(Expr.Eq(exponent, Like(wide, 0)), subnormal, rebased));
        return s.In(Bits(magnitude | Shl(wide & 0x8000, 16), ElementType.F32));
    }

    private static Expr ToHalfBits(Expr x)
    {
        var s = new LetSequence();
        var bits = s.Share("b", Bits(x, ElementType.U32));
        var magnitude = s.Share("m", bits & 0x7FFFFFFF);
        // From 2^16 on all is infinity; the carry of the rounding makes it of what is less.
        var large = Expr.If(magnitude > F32Infinity, Like(bits, F16Nan), Like(bits, F16Infinity));
        // Added to 1/2, the last place of a float is that of a subnormal f16: the addition rounds.
        var half = Like(bits, 126 << 23);
        var subnormal = Bits(Bits(magnitude, ElementType.F32) + Bits(half, ElementType.F32), ElementType.U32) - half;
        var normal = Shr(magnitude + (Shr(magnitude, 13) & 1) + 0xFFF - ((127 - 15) << 23), 13);
        var result = Expr.If(magnitude >= ((127 + 16) << 23), large, Expr.If(magnitude < ((127 - 14) << 23), subnormal, normal));
        return s.In(Expr.Convert(result | (Shr(bits, 16) & 0x8000), ElementType.U16));
    }

    // An f64 as the f32 of which rounding to fewer digits gives what rounding the f64 would: towards zero, with the last bit set where something was cut off.
    private static Expr ToOdd(Expr x)
    {
        var s = new LetSequence();
        x = s.Share("x", x);
        var near = s.Share("n", Expr.Convert(x, ElementType.F32));
        var back = s.Share("w", Expr.Convert(near, ElementType.F64));
        var bits = s.Share("b", Bits(near, ElementType.U32));
        var below = Expr.If(Abs(back) > Abs(x), bits - 1, bits) | 1;
        return s.In(Bits(Expr.If(Expr.Eq(back, x), bits, below), ElementType.F32));
    }

    // A 64-bit integer that f64 does not hold, with its last digits made one that still says on which side of a tie it lies.
    private static Expr Fold(Expr x)
    {
        const long exact = 1L << 53;
        var s = new LetSequence();
        x = s.Share("x", x);
        var fits = x <= exact;
        if (x.Type.Element.IsSigned) fits = Expr.And(fits, x >= -exact);
        var sticky = Expr.If(Expr.Eq(x & 0xFFF, Like(x, 0)), Like(x, 0), Like(x, 0x800));
        return s.In(Expr.If(fits, x, (x & ~0xFFFL) | sticky));
    }

    private static Expr Shl(Expr x, int amount) => Expr.Make(BinaryOp.Shl, x, Like(x, amount));
    private static Expr Shr(Expr x, int amount) => Expr.Make(BinaryOp.Shr, x, Like(x, amount));
    private static Expr Like(Expr x, long value) => Expr.Splat(Expr.Constant(Scalar.Of(x.Type.Element, value)), x.Type.Lanes);
}

/// <summary>Bitwise operators with a constant.</summary>
internal static class BitExpressions
{
    extension(Expr)
    {
        public static Expr operator &(Expr x, long mask) => Expr.Make(BinaryOp.And, x, Expr.Splat(Expr.Constant(Scalar.Of(x.Type.Element, mask)), x.Type.Lanes));
        public static Expr operator |(Expr x, long bits) => Expr.Make(BinaryOp.Or, x, Expr.Splat(Expr.Constant(Scalar.Of(x.Type.Element, bits)), x.Type.Lanes));
        public static Expr operator |(Expr x, Expr y) => Expr.Make(BinaryOp.Or, x, y);
    }
}
