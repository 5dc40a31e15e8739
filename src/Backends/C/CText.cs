using System.Globalization;
using Tx.Core;

namespace Tx.Backends.C;

/// <summary>An expression of C with how tightly it binds.</summary>
internal readonly record struct CText(string Text, CBinding Binding)
{
    /// <summary>In parentheses where what stands around it binds more tightly.</summary>
    public string At(CBinding around) => Binding >= around ? Text : $"({Text})";
    public override string ToString() => Text;
    public static CText Primary(string text) => new(text, CBinding.Primary);
}

/// <summary>From loose to tight. All that a compiler would warn about when it stands bare is <see cref="Loose"/>.</summary>
internal enum CBinding { Loose, Sum, Product, Unary, Primary }

/// <summary>Types and constants in C.</summary>
internal static class CTypes
{
    public static CultureInfo Culture => CultureInfo.InvariantCulture;

    /// <summary>The type of a value; small floats are their bits.</summary>
    public static string ValueOf(ElementType t) => t is ElementType.Bool ? "_Bool" : MemoryOf(t);

    /// <summary>The type of an element in memory.</summary>
    public static string MemoryOf(ElementType t) => t switch
    {
        ElementType.Bool or ElementType.U8 => "uint8_t",
        _ when t.IsPacked => "uint8_t",
        ElementType.I8 => "int8_t", ElementType.I16 => "int16_t", ElementType.I32 => "int32_t", ElementType.I64 or ElementType.Int => "int64_t",
        ElementType.U16 or ElementType.F16 or ElementType.BF16 => "uint16_t", ElementType.U32 => "uint32_t", ElementType.U64 => "uint64_t",
        ElementType.F32 => "float", ElementType.F64 => "double",
        _ => throw new CompilerBugException("c", $"elements of `{t.Name}` in memory"),
    };

    public static string Number(long value) => value.ToString(Culture);

    /// <summary>A constant of a type.</summary>
    public static CText Integer(ElementType t, long value) => t switch
    {
        ElementType.Bool => CText.Primary(value != 0 ? "1" : "0"),
        ElementType.U32 => CText.Primary($"{unchecked((uint)value).ToString(Culture)}u"),
        ElementType.U64 => CText.Primary($"UINT64_C({unchecked((ulong)value).ToString(Culture)})"),
        ElementType.I32 when value == int.MinValue => CText.Primary("INT32_MIN"),
        ElementType.I64 or ElementType.Int when value == long.MinValue => CText.Primary("INT64_MIN"),
        ElementType.I64 or ElementType.Int when value is > int.MaxValue or < -int.MaxValue => Signed(value, $"INT64_C({Math.Abs(value).ToString(Culture)})"),
        _ => Signed(value, Math.Abs(value).ToString(Culture)),
    };

    private static CText Signed(long value, string digits) => value < 0 ? new("-" + digits, CBinding.Unary) : CText.Primary(digits);

    /// <summary>A float in digits that give it back; null for what C has no digits for.</summary>
    public static CText? Float(ElementType t, double value)
    {
        if (!double.IsFinite(value)) return null;
        string digits = t is ElementType.F64 ? Math.Abs(value).ToString("R", Culture) : ((float)Math.Abs(value)).ToString("R", Culture);
        if (!digits.AsSpan().ContainsAny('.', 'E')) digits += ".0";
        if (t is not ElementType.F64) digits += "f";
        return double.IsNegative(value) ? new("-" + digits, CBinding.Unary) : CText.Primary(digits);
    }

    public static string Unsigned(ElementType t) => t.Bits switch { 8 => "uint8_t", 16 => "uint16_t", 32 => "uint32_t", _ => "uint64_t" };
}
