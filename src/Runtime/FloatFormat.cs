using System.Globalization;
using System.Numerics;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>One form for all floats of a tensor, by NumPy's rules: the shortest digits that read as the same value of the type, at most 8
/// behind the point; exponents where a value is 1e8 or more, less than 1e-4, or a thousand times another.</summary>
internal sealed class FloatFormat
{
    private const int Precision = 8;

    private readonly bool _hasExponent;
    private readonly int _left, _right, _digits, _exponentDigits;

    private FloatFormat(bool hasExponent, int left, int right, int digits, int exponentDigits) =>
        (_hasExponent, _left, _right, _digits, _exponentDigits) = (hasExponent, left, right, digits, exponentDigits);

    /// <summary>The form for these values; they have one type.</summary>
    public static FloatFormat Of(IReadOnlyList<Scalar> values)
    {
        Scalar[] finite = [.. values.Where(v => double.IsFinite(v.Real))];
        var sizes = finite.Where(v => v.Real != 0).Select(v => ScalarMath.Apply(UnaryOp.Neg, v) is var minus && v.Real < 0 ? minus : v).ToList();
        bool hasExponent = false;
        if (sizes.Count > 0)
        {
            Scalar most = sizes.MaxBy(v => v.Real), least = sizes.MinBy(v => v.Real);
            hasExponent = most.Real >= 1e8 || least.Real < 1e-4 || ScalarMath.Apply(BinaryOp.Div, most, least).Real > 1000;
        }
        int left = 0, right = 0, digits = Precision, exponentDigits = 0;
        foreach (var v in finite)
        {
            var parts = hasExponent ? Scientific(v, Precision) : Positional(v);
            left = Math.Max(left, parts.Whole.Length);
            right = Math.Max(right, parts.Fraction.Length);
            exponentDigits = Math.Max(exponentDigits, Exponent(parts.Exponent, 2).Length - 2);
        }
        if (hasExponent)
        {
            digits = right;
            right += exponentDigits + 2;
        }
        // What is not finite is as wide as the column, point included.
        foreach (var v in values)
            if (!double.IsFinite(v.Real)) left = Math.Max(left, (double.IsNegativeInfinity(v.Real) ? 4 : 3) - right - 1);
        return new(hasExponent, left, right, digits, exponentDigits);
    }

    public string Format(Scalar value)
    {
        if (!double.IsFinite(value.Real)) return value.ToString().PadLeft(_left + _right + 1);
        if (!_hasExponent)
        {
            var (whole, fraction, _) = Positional(value);
            return whole.PadLeft(_left) + "." + fraction.PadRight(_right);
        }
        var parts = Scientific(value, _digits, isFilled: true);
        return parts.Whole.PadLeft(_left) + "." + parts.Fraction.PadRight(_digits, '0') + Exponent(parts.Exponent, _exponentDigits);
    }

    private static string Exponent(int exponent, int digits) =>
        (exponent < 0 ? "e-" : "e+") + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    private static (string Whole, string Fraction, int Exponent) Positional(Scalar value)
    {
        var (digits, exponent) = Shortest(value);
        if (digits.Length - 1 - exponent > Precision)
        {
            digits = Rounded(value.Real, Precision).ToString(CultureInfo.InvariantCulture);
            exponent = digits.Length - 1 - Precision;
        }
        string whole = exponent < 0 ? "0" : digits.Length > exponent ? digits[..(exponent + 1)] : digits.PadRight(exponent + 1, '0');
        string fraction = exponent < 0 ? new string('0', -exponent - 1) + digits : digits.Length > exponent + 1 ? digits[(exponent + 1)..] : "";
        return (Sign(value) + whole, fraction.TrimEnd('0'), 0);
    }

    /// <param name="isFilled">Where the shortest digits are fewer than the column has, those of the exact value follow, as NumPy has it.</param>
    private static (string Whole, string Fraction, int Exponent) Scientific(Scalar value, int precision, bool isFilled = false)
    {
        var (digits, exponent) = Shortest(value);
        if (digits.Length - 1 > precision || (isFilled && digits.Length - 1 < precision && value.Real != 0))
        {
            digits = Digits();
            // The shortest text may stand in the decade above the exact value.
            if (digits.Length <= precision)
            {
                exponent--;
                digits = Digits();
            }
            // 9.99… becomes 10.
            exponent += digits.Length - 1 - precision;
        }
        return (Sign(value) + digits[..1], digits[1..].TrimEnd('0'), exponent);

        string Digits() => Rounded(value.Real, precision - exponent).ToString(CultureInfo.InvariantCulture);
    }

    private static string Sign(Scalar value) => double.IsNegative(value.Real) ? "-" : "";

    /// <summary>The digits of the shortest text that reads as the value, and the power of ten of the first.</summary>
    private static (string Digits, int Exponent) Shortest(Scalar value)
    {
        if (value.Real == 0) return ("0", 0);
        string text = value.ToString().TrimStart('-');
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string significant = digits.TrimStart('0');
        return (significant.TrimEnd('0'), exponent - (digits.Length - significant.Length));
    }

    /// <summary>|value| · 10^power as an integer, from its exact value, half to even.</summary>
    private static BigInteger Rounded(double value, int power)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger numerator = exponent == 0 ? bits : (bits & ((1L << 52) - 1)) | (1L << 52), denominator = 1;
        int shift = Math.Max(exponent, 1) - 1075;
        if (shift >= 0) numerator <<= shift;
        else denominator <<= -shift;
        if (power >= 0) numerator *= BigInteger.Pow(10, power);
        else denominator *= BigInteger.Pow(10, -power);
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        int half = (2 * rest).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
