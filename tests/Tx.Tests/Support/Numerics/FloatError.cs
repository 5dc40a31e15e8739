using System.Runtime.Intrinsics;

namespace Tx.Tests.Support;

/// <summary>How far an <c>f32</c> lies from an exact value.</summary>
internal static class FloatError
{
    /// <summary>The distance in units of the last place of the exact value (of its binade; 2⁻¹⁴⁹ for denormal ones). Infinite where only one of them is NaN, where the
    /// rounded value is infinite and the actual one more than a step below, and where the sign of a zero is wrong.</summary>
    public static double Ulps(float actual, double exact)
    {
        float rounded = (float)exact;
        if (BitConverter.SingleToInt32Bits(actual) == BitConverter.SingleToInt32Bits(rounded) && float.IsFinite(actual))
            return Math.Abs(actual - exact) * InverseUlp(rounded);
        if (float.IsNaN(rounded) || float.IsNaN(actual)) return float.IsNaN(rounded) && float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        if (actual == rounded) return actual == 0 ? double.PositiveInfinity : 0;
        // Exact zeros are zeros.
        if (exact == 0 || double.IsInfinity(exact)) return double.PositiveInfinity;
        // Beyond the largest float the scale goes on: infinity is the next step.
        double a = float.IsInfinity(actual) ? Math.CopySign(Math.ScaleB(1, 128), actual) : actual;
        return Math.Abs(a - exact) * InverseUlp(rounded);
    }

    /// <summary>Is <see cref="Ulps"/> of all pairs at most a limit? May say no where it is.</summary>
    /// <param name="exact">As long as <paramref name="actual"/>, a multiple of 4.</param>
    public static bool AreWithin(ReadOnlySpan<float> actual, ReadOnlySpan<double> exact, double limit)
    {
        var roundedIsWithin = Vector256.Create(limit >= 0.5 ? -1L : 0);
        for (int i = 0; i < actual.Length; i += 4)
        {
            var a = Vector128.Create(actual.Slice(i, 4));
            var e = Vector256.Create(exact.Slice(i, 4));
            var rounded = Vector128.Narrow(e.GetLower(), e.GetUpper());
            var exponent = Vector128.Clamp(rounded.AsInt32() >>> 23 & Vector128.Create(255), Vector128<int>.One, Vector128.Create(254));
            var inverse = ((Vector256.Create(1023L + 150) - Widen(exponent)) << 52).AsDouble();
            var wide = Vector256.Create(Vector128.WidenLower(a), Vector128.WidenUpper(a));
            var isRounded = Widen(Vector128.Equals(a.AsInt32(), rounded.AsInt32()));
            var isNear = Vector256.LessThanOrEqual(Vector256.Abs(wide - e) * inverse, Vector256.Create(limit)) & ~Vector256.Equals(e, Vector256<double>.Zero);
            var bothNaN = Vector256.IsNaN(wide) & Vector256.IsNaN(e);
            if ((isNear.AsInt64() | bothNaN.AsInt64() | isRounded & roundedIsWithin) != Vector256<long>.AllBitsSet) return false;
        }
        return true;
    }

    private static Vector256<long> Widen(Vector128<int> x) => Vector256.Create(Vector128.WidenLower(x), Vector128.WidenUpper(x));

    /// <summary>1 by the unit in the last place of a value's binade.</summary>
    public static double InverseUlp(float rounded)
    {
        int exponent = Math.Clamp((BitConverter.SingleToInt32Bits(rounded) >> 23) & 255, 1, 254);
        return BitConverter.Int64BitsToDouble((1023L + 150 - exponent) << 52);
    }
}
