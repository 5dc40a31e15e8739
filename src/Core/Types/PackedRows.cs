using System.Collections.Immutable;

namespace Tx.Core;

/// <summary>How elements of a packed type lie in memory: along the last dimension, the first in the lowest bits, each row padded to whole bytes. A tensor
/// without dimensions takes one byte. Padding bits are written as 0 and not read.</summary>
public static class PackedRows
{
    /// <summary>Elements of a byte.</summary>
    public static int PerByte(ElementType type) => 8 / type.Bits;

    /// <summary>Bytes of a row of so many elements.</summary>
    public static long RowBytes(ElementType type, long elements) => elements / PerByte(type) + (elements % PerByte(type) == 0 ? 0 : 1);

    /// <summary>The extents of the bytes of a packed tensor.</summary>
    public static ImmutableArray<long> ByteShape(ElementType type, ImmutableArray<long> shape) =>
        shape.IsEmpty ? shape : shape.SetItem(shape.Length - 1, RowBytes(type, shape[^1]));

    /// <summary>The bytes of a packed tensor.</summary>
    public static DenseArray ToBytes(DenseArray array)
    {
        var bytes = new DenseArray(ElementType.U8, ByteShape(array.Type, array.Shape));
        for (long i = 0; i < array.Count; i++)
        {
            var (at, shift) = Place(array.Type, array.Shape, i);
            bytes.Bits[(int)at] |= array.Bits[(int)i] << shift;
        }
        return bytes;
    }

    /// <summary>The packed tensor of a type and shape that has these bytes.</summary>
    public static DenseArray FromBytes(ElementType type, ImmutableArray<long> shape, DenseArray bytes)
    {
        var array = new DenseArray(type, shape);
        for (long i = 0; i < array.Count; i++)
        {
            var (at, shift) = Place(type, shape, i);
            array.Bits[(int)i] = bytes.Bits[(int)at] >> shift & ((1UL << type.Bits) - 1);
        }
        return array;
    }

    /// <summary>The byte and the bit in it where the element at a row-major position begins.</summary>
    public static (long Byte, int Shift) Place(ElementType type, ImmutableArray<long> shape, long position)
    {
        if (shape.IsEmpty) return (0, 0);
        var (row, column) = Math.DivRem(position, shape[^1]);
        var (inRow, first) = Math.DivRem(column, PerByte(type));
        return (row * RowBytes(type, shape[^1]) + inRow, (int)first * type.Bits);
    }
}
