using Tx.Core;

namespace Tx.Lang.Proofs;

/// <summary>The integers from <paramref name="Low"/> to <paramref name="High"/>, both included.</summary>
internal readonly record struct IntegerInterval(Int128 Low, Int128 High)
{
    /// <summary>What 64 bits with a sign hold.</summary>
    public static readonly IntegerInterval All = new(long.MinValue, long.MaxValue);

    public static IntegerInterval Of(ElementType integer) => new(integer.MinValue, integer.MaxValue);

    public bool Fits => IsWithin(All);
    public bool IsEmpty => Low > High;
    public Int128 Size => Int128.Max(Int128.Abs(Low), Int128.Abs(High));
    public bool IsWithin(IntegerInterval other) => Low >= other.Low && High <= other.High;
    public IntegerInterval Hull(IntegerInterval other) => new(Int128.Min(Low, other.Low), Int128.Max(High, other.High));

    /// <summary>An interval that holds every result; it may be wider. The operands fit in 64 bits, with or without a sign.</summary>
    public static IntegerInterval Apply(BinaryOp op, IntegerInterval a, IntegerInterval b)
    {
        switch (op)
        {
            case BinaryOp.Add: return new(a.Low + b.Low, a.High + b.High);
            case BinaryOp.Sub: return new(a.Low - b.High, a.High - b.Low);
            // Two numbers of 64 bits without a sign would leave even 128.
            case BinaryOp.Mul when !a.Fits || !b.Fits: return new(Int128.MinValue, Int128.MaxValue);
            case BinaryOp.Mul:
                Int128[] products = [a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High];
                return new(products.Min(), products.Max());
            case BinaryOp.Min: return new(Int128.Min(a.Low, b.Low), Int128.Min(a.High, b.High));
            case BinaryOp.Max: return new(Int128.Max(a.Low, b.Low), Int128.Max(a.High, b.High));
            // The quotient is no further from zero than the dividend, unless a small negative one is rounded down to -1.
            case BinaryOp.Div or BinaryOp.TruncDiv when b.Low > 0:
                return new(a.Low >= 0 ? 0 : Int128.Min(a.Low / b.Low, -1), a.High < 0 ? 0 : a.High / b.Low);
            case BinaryOp.Div or BinaryOp.TruncDiv: return new(Int128.Min(-a.Size, -1), a.Size);
            case BinaryOp.Mod: return new(Int128.Min(b.Low + 1, 0), Int128.Max(b.High - 1, 0));
            case BinaryOp.TruncMod: return new(a.Low < 0 ? -a.Size : 0, a.Size);
            case BinaryOp.Shl when b.Low >= 0 && b.High < 62 && a.Fits:
                Int128 power = Int128.One << (int)b.High;
                return new(Int128.Min(a.Low * power, a.Low), Int128.Max(a.High * power, a.High));
            case BinaryOp.And when a.Low >= 0 || b.Low >= 0: return new(0, a.Low < 0 ? b.High : b.Low < 0 ? a.High : Int128.Min(a.High, b.High));
            case BinaryOp.Or or BinaryOp.Xor when a.Low >= 0 && b.Low >= 0: return new(0, AllBits(Int128.Max(a.High, b.High)));
            case BinaryOp.Shr when b.Low >= 0 && b.High < 128:
                var (least, most) = ((int)b.Low, (int)b.High);
                return new(a.Low >> (a.Low < 0 ? least : most), a.High >> (a.High < 0 ? most : least));
            case BinaryOp.Shr: return new(Int128.Min(a.Low, 0), Int128.Max(a.High, 0));
            default: return All;
        }
    }

    private static Int128 AllBits(Int128 value)
    {
        Int128 bits = 0;
        while (bits < value) bits = bits * 2 + 1;
        return bits;
    }
}
