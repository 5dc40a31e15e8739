using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>Element type and extents written as the language does, and the sizes that follow from them.</summary>
public static class TensorType
{
    /// <summary><c>f32[2, 3]</c>; rank 0 is <c>f32[]</c>.</summary>
    public static string Format(ElementType type, ReadOnlySpan<long> shape)
    {
        var text = new System.Text.StringBuilder(type.Name).Append('[');
        for (int d = 0; d < shape.Length; d++)
        {
            if (d > 0) text.Append(", ");
            text.Append(shape[d].ToString(CultureInfo.InvariantCulture));
        }
        return text.Append(']').ToString();
    }

    /// <summary>Distances in elements between neighbours of a row-major tensor.</summary>
    public static ImmutableArray<long> RowMajorStrides(ReadOnlySpan<long> shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= Math.Max(1, shape[d]);
        }
        return ImmutableArray.Create(strides);
    }

    /// <summary>Distances between neighbours, in elements; of packed elements in bytes, and 0 for the last dimension, along which they share bytes.</summary>
    public static ImmutableArray<long> RowMajorStrides(ElementType type, ReadOnlySpan<long> shape)
    {
        if (!type.IsPacked || shape.IsEmpty) return RowMajorStrides(shape);
        var strides = RowMajorStrides(PackedRows.ByteShape(type, ImmutableArray.Create(shape)).AsSpan());
        return strides.SetItem(strides.Length - 1, 0);
    }

    /// <summary>The bytes of a tensor whose elements can be counted.</summary>
    public static long CountBytes(ElementType type, ReadOnlySpan<long> shape)
    {
        long count = CountElements(type, shape);
        if (!type.IsPacked) return count * type.Bytes;
        return count == 0 ? 0 : shape.IsEmpty ? 1 : count / shape[^1] * PackedRows.RowBytes(type, shape[^1]);
    }

    /// <summary>The number of elements.</summary>
    /// <exception cref="DiagnosticException">An extent is negative, or the tensor has more than 2^63 − 1 bytes (an extent of 0 does not excuse the others).</exception>
    public static long CountElements(ElementType type, ReadOnlySpan<long> shape)
    {
        if (type is ElementType.Int) throw new DiagnosticException(RuntimeDiagnostics.UnsupportedElement, null, type.Name);
        Int128 bytes = type.Bytes;
        bool isEmpty = false;
        for (int d = 0; d < shape.Length; d++)
        {
            if (shape[d] < 0) throw new DiagnosticException(RuntimeDiagnostics.NegativeExtent, null, d, shape[d]);
            isEmpty |= shape[d] == 0;
            bytes *= Math.Max(1, shape[d]);
            if (bytes > long.MaxValue) throw new DiagnosticException(RuntimeDiagnostics.TensorTooLarge, null, Format(type, shape));
        }
        return isEmpty ? 0 : (long)bytes / type.Bytes;
    }

    /// <summary>The indices of a row-major position.</summary>
    internal static ImmutableArray<long> IndexOf(long position, ImmutableArray<long> shape)
    {
        long[] index = new long[shape.Length];
        for (int d = shape.Length - 1; d >= 0; d--) (position, index[d]) = Math.DivRem(position, shape[d]);
        return ImmutableArray.Create(index);
    }

    /// <summary>A number of bytes for people: <c>12 bytes</c>, <c>1.5 GiB</c>.</summary>
    internal static string FormatBytes(long bytes)
    {
        if (bytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
        string[] units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        double size = bytes / 1024.0;
        int unit = 0;
        for (; size >= 1024; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }
}
