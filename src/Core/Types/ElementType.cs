using System.Diagnostics;

namespace Tx.Core;

/// <summary>What one element is. <see cref="Int"/> is the type of indices and dimensions: 64 bits, proved not to overflow.</summary>
public enum ElementType : byte
{
    Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64,
    /// <summary>An index or a dimension; stored, it is an <see cref="I64"/>.</summary>
    Int,
    /// <summary>Integers of less than a byte: in a tensor they lie packed along the last dimension, see <c>PackedRows</c>.</summary>
    U1, U2, U4, I2, I4,
}

public static class ElementTypes
{
    extension(ElementType t)
    {
        public bool IsFloat => t is ElementType.F16 or ElementType.BF16 or ElementType.F32 or ElementType.F64;
        public bool IsSigned => t is ElementType.I2 or ElementType.I4 or ElementType.I8 or ElementType.I16 or ElementType.I32 or ElementType.I64 or ElementType.Int;
        public bool IsUnsigned => t is ElementType.U1 or ElementType.U2 or ElementType.U4 or ElementType.U8 or ElementType.U16 or ElementType.U32 or ElementType.U64;
        /// <summary>An integer of any width, <see cref="ElementType.Int"/> included, <see cref="ElementType.Bool"/> not.</summary>
        public bool IsInteger => t.IsSigned || t.IsUnsigned;
        /// <summary>Several elements share a byte of a tensor.</summary>
        public bool IsPacked => t is ElementType.U1 or ElementType.U2 or ElementType.U4 or ElementType.I2 or ElementType.I4;
        /// <summary>A float that machines store but hardly compute with.</summary>
        public bool IsSmallFloat => t is ElementType.F16 or ElementType.BF16;

        /// <summary>The type that values are computed in: <c>f32</c>, rounded after each operation, for the small floats; <c>u8</c> or <c>i8</c>, wrapped
        /// after each operation, for the packed integers; the type itself for all others.</summary>
        public ElementType Carrier =>
            t.IsSmallFloat ? ElementType.F32 : !t.IsPacked ? t : t.IsSigned ? ElementType.I8 : ElementType.U8;

        public int Bits => t switch
        {
            ElementType.U1 => 1,
            ElementType.U2 or ElementType.I2 => 2,
            ElementType.U4 or ElementType.I4 => 4,
            ElementType.Bool or ElementType.I8 or ElementType.U8 => 8,
            ElementType.I16 or ElementType.U16 or ElementType.F16 or ElementType.BF16 => 16,
            ElementType.I32 or ElementType.U32 or ElementType.F32 => 32,
            ElementType.I64 or ElementType.U64 or ElementType.F64 or ElementType.Int => 64,
        };

        /// <summary>Bytes of one element in memory where elements are not packed; there a packed one takes 1.</summary>
        public int Bytes => Math.Max(1, t.Bits / 8);

        /// <summary>The name in the language: <c>f32</c>, <c>i64</c>, <c>bool</c>, <c>int</c>.</summary>
        public string Name => t switch
        {
            ElementType.Bool => "bool",
            ElementType.I8 => "i8", ElementType.I16 => "i16", ElementType.I32 => "i32", ElementType.I64 => "i64",
            ElementType.U8 => "u8", ElementType.U16 => "u16", ElementType.U32 => "u32", ElementType.U64 => "u64",
            ElementType.F16 => "f16", ElementType.BF16 => "bf16", ElementType.F32 => "f32", ElementType.F64 => "f64",
            ElementType.Int => "int",
            ElementType.U1 => "u1", ElementType.U2 => "u2", ElementType.U4 => "u4", ElementType.I2 => "i2", ElementType.I4 => "i4",
        };

        /// <summary>Lowest value of an integer type.</summary>
        public Int128 MinValue => t.IsSigned ? -(Int128.One << (t.Bits - 1)) : t is ElementType.Bool || t.IsUnsigned ? 0 : throw new UnreachableException();
        /// <summary>Highest value of an integer type.</summary>
        public Int128 MaxValue => t is ElementType.Bool ? 1 : t.IsSigned ? (Int128.One << (t.Bits - 1)) - 1 : t.IsUnsigned ? (Int128.One << t.Bits) - 1 : throw new UnreachableException();

        /// <summary>Both are integers, and each value of <paramref name="other"/> is one of this type.</summary>
        public bool Holds(ElementType other) => t.IsInteger && other.IsInteger && t.MinValue <= other.MinValue && other.MaxValue <= t.MaxValue;
    }

    /// <summary>Finds a type by its name in the language.</summary>
    public static bool TryParse(string name, out ElementType type)
    {
        foreach (var t in Enum.GetValues<ElementType>())
            if (t.Name == name) { type = t; return true; }
        type = default;
        return false;
    }
}
