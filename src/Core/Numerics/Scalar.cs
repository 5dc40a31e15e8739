using System.Globalization;

namespace Tx.Core;

/// <summary>One element's value with its type: the common currency of the reference evaluator, the loop interpreter and constant
/// folding. Integers and <c>bool</c> (0 or 1) are kept sign- or zero-extended in <see cref="Integer"/>; floats, already rounded to
/// their type, in <see cref="Real"/>.</summary>
public readonly record struct Scalar
{
    private readonly long _bits;

    private Scalar(ElementType type, long bits) => (Type, _bits) = (type, bits);

    public ElementType Type { get; }

    /// <summary>The value of an integer or bool; a <c>u64</c> is reinterpreted as signed.</summary>
    public long Integer => _bits;
    /// <summary>The value of a float.</summary>
    public double Real => BitConverter.Int64BitsToDouble(_bits);
    public bool IsTrue => _bits != 0;

    /// <summary>The exact value of an integer.</summary>
    public Int128 Exact => Type is ElementType.U64 ? (Int128)unchecked((ulong)_bits) : _bits;

    /// <summary>An integer or bool, wrapped to its type.</summary>
    public static Scalar Of(ElementType type, long value) => new(type, unchecked(type switch
    {
        ElementType.Bool => value != 0 ? 1 : 0,
        ElementType.I8 => (sbyte)value, ElementType.I16 => (short)value, ElementType.I32 => (int)value,
        ElementType.U8 => (byte)value, ElementType.U16 => (ushort)value, ElementType.U32 => (uint)value,
        ElementType.I64 or ElementType.U64 or ElementType.Int => value,
        ElementType.U1 or ElementType.U2 or ElementType.U4 => value & ((1L << type.Bits) - 1),
        ElementType.I2 or ElementType.I4 => value << (64 - type.Bits) >> (64 - type.Bits),
        _ => BitConverter.DoubleToInt64Bits(RoundInteger(type, value)),
    }));

    /// <summary>A float, rounded to its type.</summary>
    public static Scalar Of(ElementType type, double value) => new(type, BitConverter.DoubleToInt64Bits(Round(type, value)));
    public static Scalar Bool(bool value) => new(ElementType.Bool, value ? 1 : 0);
    public static Scalar Index(long value) => new(ElementType.Int, value);

    internal static double Round(ElementType type, double value) => type switch
    {
        ElementType.F16 => (double)(Half)value,
        ElementType.F32 => (float)value,
        ElementType.BF16 => RoundBf16(value),
        _ => value,
    };

    /// <summary>The nearest value of a float type; one rounding, where the way through double would take two.</summary>
    internal static double RoundInteger(ElementType type, Int128 value)
    {
        double truncated = (double)value;
        if (type is ElementType.F64 || Int128.Abs(value) <= 1L << 53) return Round(type, truncated);
        // Rounding to odd keeps what the second rounding must know of the digits that the first one drops.
        if (Int128.Abs((Int128)truncated) > Int128.Abs(value)) truncated = Math.CopySign(Math.BitDecrement(Math.Abs(truncated)), truncated);
        bool isExact = (Int128)truncated == value;
        return Round(type, isExact ? truncated : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(truncated) | 1));
    }

    private static double RoundBf16(double value)
    {
        if (double.IsNaN(value)) return value;
        float single = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(single);
        if (single != value)
        {
            // To odd, as above.
            if (Math.Abs((double)single) > Math.Abs(value)) bits--;
            bits |= 1;
        }
        bits = unchecked(bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000;
        return BitConverter.UInt32BitsToSingle(bits);
    }

    /// <summary>A float in as few digits as tell it from its neighbours.</summary>
    public override string ToString() =>
        Type is ElementType.Bool ? IsTrue ? "true" : "false"
        : !Type.IsFloat ? Exact.ToString(CultureInfo.InvariantCulture)
        : double.IsNaN(Real) ? "nan"
        : double.IsInfinity(Real) ? Real > 0 ? "inf" : "-inf"
        : Type switch
        {
            ElementType.F16 => ((Half)Real).ToString("R", CultureInfo.InvariantCulture),
            ElementType.BF16 => ShortestBf16(Real),
            ElementType.F32 => ((float)Real).ToString("R", CultureInfo.InvariantCulture),
            _ => Real.ToString("R", CultureInfo.InvariantCulture),
        };

    private static string ShortestBf16(double value)
    {
        // Four digits tell all 8-bit significands apart.
        for (int digits = 1; digits < 4; digits++)
        {
            float rounded = float.Parse(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (RoundBf16(rounded) == value) return rounded.ToString("R", CultureInfo.InvariantCulture);
        }
        return float.Parse(value.ToString("E3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
    }
}
