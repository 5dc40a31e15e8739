using Tx.Core;

namespace Tx.Lower.Analysis;

/// <summary>All integers from <see cref="Min"/> to <see cref="Max"/>, both included. The ends of <c>i64</c> stand for "unbounded"; arithmetic is that
/// of exact integers, saturating at them.</summary>
public readonly record struct ConstInterval(long Min, long Max)
{
    public static readonly ConstInterval All = new(long.MinValue, long.MaxValue);
    public static readonly ConstInterval NonNegative = new(0, long.MaxValue);
    public static ConstInterval Of(long value) => new(value, value);

    /// <summary>Every value of an integer type; <see cref="All"/> for other types.</summary>
    public static ConstInterval OfType(ElementType type) =>
        type is ElementType.Bool || type.IsInteger && type.Bits < 64 ? new((long)type.MinValue, (long)type.MaxValue) : All;

    public bool IsSingle => Min == Max;
    public bool IsEmpty => Min > Max;
    public bool IsPositive => Min > 0;
    public bool Contains(long value) => Min <= value && value <= Max;

    public ConstInterval Union(ConstInterval other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));
    public ConstInterval Intersect(ConstInterval other) => new(Math.Max(Min, other.Min), Math.Min(Max, other.Max));
    public ConstInterval LeastOf(ConstInterval other) => new(Math.Min(Min, other.Min), Math.Min(Max, other.Max));
    public ConstInterval GreatestOf(ConstInterval other) => new(Math.Max(Min, other.Min), Math.Max(Max, other.Max));

    public static ConstInterval operator +(ConstInterval a, ConstInterval b) => new(
        a.Min == long.MinValue || b.Min == long.MinValue ? long.MinValue : Saturate((Int128)a.Min + b.Min),
        a.Max == long.MaxValue || b.Max == long.MaxValue ? long.MaxValue : Saturate((Int128)a.Max + b.Max));

    public static ConstInterval operator -(ConstInterval a) => new(
        a.Max == long.MaxValue ? long.MinValue : Saturate(-(Int128)a.Max),
        a.Min == long.MinValue ? long.MaxValue : Saturate(-(Int128)a.Min));

    public static ConstInterval operator -(ConstInterval a, ConstInterval b) => a + -b;

    public static ConstInterval operator *(ConstInterval a, ConstInterval b)
    {
        ReadOnlySpan<Int128> corners = [Times(a.Min, b.Min), Times(a.Min, b.Max), Times(a.Max, b.Min), Times(a.Max, b.Max)];
        Int128 low = corners[0], high = corners[0];
        foreach (var c in corners) (low, high) = (Int128.Min(low, c), Int128.Max(high, c));
        return new(Saturate(low), Saturate(high));
    }

    /// <summary>Floor division; unbounded where the divisor may be 0 or negative.</summary>
    public ConstInterval FloorDiv(ConstInterval divisor)
    {
        if (!divisor.IsPositive) return All;
        long Quotient(long x, long y) => x is long.MinValue or long.MaxValue ? x : y == long.MaxValue ? x < 0 ? -1 : 0 : ScalarMath.FloorDiv(x, y);
        return new(Math.Min(Quotient(Min, divisor.Min), Quotient(Min, divisor.Max)), Math.Max(Quotient(Max, divisor.Min), Quotient(Max, divisor.Max)));
    }

    /// <summary>The remainder of floor division; unbounded where the divisor may be 0 or negative.</summary>
    public ConstInterval FloorMod(ConstInterval divisor)
    {
        if (!divisor.IsPositive) return All;
        if (Min >= 0 && Max < divisor.Min) return this;
        if (divisor.IsSingle && Min != long.MinValue && Max != long.MaxValue && ScalarMath.FloorDiv(Min, divisor.Min) == ScalarMath.FloorDiv(Max, divisor.Min))
            return new(ScalarMath.FloorMod(Min, divisor.Min), ScalarMath.FloorMod(Max, divisor.Min));
        return new(0, divisor.Max == long.MaxValue ? long.MaxValue : divisor.Max - 1);
    }

    // An unbounded end stays one whatever it is multiplied with, except 0.
    private static Int128 Times(long x, long y)
    {
        if (x == 0 || y == 0) return 0;
        bool unbounded = x is long.MinValue or long.MaxValue || y is long.MinValue or long.MaxValue;
        return unbounded ? (x < 0) == (y < 0) ? long.MaxValue : long.MinValue : (Int128)x * y;
    }

    private static long Saturate(Int128 x) => (long)Int128.Clamp(x, long.MinValue, long.MaxValue);
}
