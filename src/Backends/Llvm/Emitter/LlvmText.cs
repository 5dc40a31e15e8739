using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>How types, constants and names are written in LLVM IR 19. The one place that knows its syntax.</summary>
internal static class LlvmText
{
    public static CultureInfo Culture => CultureInfo.InvariantCulture;

    /// <summary>The type of a value in registers; bool is <c>i1</c>.</summary>
    public static string TypeOf(IrType t) => t.IsVector ? $"<{t.Lanes.ToString(CultureInfo.InvariantCulture)} x {TypeOf(t.Element)}>" : TypeOf(t.Element);

    /// <summary>The type of a value in memory; bool is a byte.</summary>
    public static string MemoryTypeOf(IrType t) => TypeOf(t.Element is ElementType.Bool ? t.WithElement(ElementType.U8) : t);

    /// <summary>The suffix of an overloaded intrinsic: <c>v8f32</c>.</summary>
    public static string SuffixOf(IrType t)
    {
        string element = t.Element switch
        {
            ElementType.F16 => "f16",
            ElementType.F32 => "f32",
            ElementType.F64 => "f64",
            _ => TypeOf(t.Element),
        };
        return t.IsVector ? string.Create(CultureInfo.InvariantCulture, $"v{t.Lanes}{element}") : element;
    }

    private static string TypeOf(ElementType t) => t switch
    {
        ElementType.Bool => "i1",
        ElementType.I8 or ElementType.U8 => "i8",
        ElementType.I16 or ElementType.U16 => "i16",
        ElementType.I32 or ElementType.U32 => "i32",
        ElementType.I64 or ElementType.U64 or ElementType.Int => "i64",
        ElementType.F16 => "half",
        // Only moved, never computed with.
        ElementType.BF16 => "i16",
        ElementType.F32 => "float",
        ElementType.F64 => "double",
        _ => throw new DiagnosticException(BackendDiagnostics.UnsupportedElement, null, t.Name),
    };

    public static Value Constant(ElementType type, long value) =>
        new(new(type), type is ElementType.Bool ? value != 0 ? "true" : "false" : Number(value));

    /// <summary>LLVM reads a hexadecimal constant as the bits of a double, for every float type: the only exact form.</summary>
    public static Value Constant(ElementType type, double value) => type is ElementType.BF16
        ? new(new(type), Number((long)ScalarMath.ToBits(Scalar.Of(type, value))))
        : new(new(type), "0x" + BitConverter.DoubleToUInt64Bits(value).ToString("X16", CultureInfo.InvariantCulture));

    public static Value Index(long value) => Constant(ElementType.I64, value);

    /// <summary>A constant in every lane.</summary>
    public static Value Splat(Value constant, int lanes) => lanes == 1 ? constant : new(constant.Type.WithLanes(lanes), $"splat ({constant})");

    /// <summary><c>first, first + step, …</c> as a constant vector.</summary>
    public static Value Steps(IrType type, long first, long step)
    {
        string element = TypeOf(type.Element);
        var text = new StringBuilder("<");
        for (int i = 0; i < type.Lanes; i++)
            text.Append(i == 0 ? "" : ", ").Append(element).Append(' ').Append(Number(unchecked(first + i * step)));
        return new(type, text.Append('>').ToString());
    }

    /// <summary>Integers, one a lane.</summary>
    public static Value Numbers(IrType type, IReadOnlyList<long> lanes) => !type.IsVector ? Constant(type.Element, lanes[0])
        : new(type, $"<{string.Join(", ", lanes.Select(n => $"{TypeOf(type.Element)} {Number(n)}"))}>");

    /// <summary>Text between quotes.</summary>
    public static string Escaped(string text) => Escaped(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Escaped(string)"/>
    public static string Escaped(ReadOnlySpan<byte> text)
    {
        var escaped = new StringBuilder();
        foreach (byte b in text)
            if (b is < 32 or > 126 or (byte)'"' or (byte)'\\') escaped.Append('\\').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            else escaped.Append((char)b);
        return escaped.ToString();
    }

    /// <summary>The mask of a shuffle.</summary>
    public static string Mask(IEnumerable<int> lanes)
    {
        var indices = lanes.ToArray();
        return $"<{Number(indices.Length)} x i32> <{string.Join(", ", indices.Select(i => "i32 " + Number(i)))}>";
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A name without its sigil; quoted where LLVM needs it, other than ASCII as escaped bytes.</summary>
    public static string Name(string name)
    {
        if (name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_')) return name;
        return $"\"{Escaped(name)}\"";
    }
}
