using System.Numerics;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>Elements of a tensor as doubles, a block at a time, for looking at them: 64-bit integers beyond 2⁵³ are rounded.</summary>
public static class TensorBlocks
{
    private const int BlockElements = 4096;

    /// <summary>Calls <paramref name="visit"/> with the elements from a row-major position on, in order, in blocks of a few thousand.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside.</exception>
    public static void Visit(NativeTensor tensor, long start, long count, Action<ReadOnlySpan<double>> visit)
    {
        var block = new double[Math.Min(count, BlockElements)];
        for (long done = 0; done < count; done += block.Length)
        {
            var part = block.AsSpan(0, (int)Math.Min(block.Length, count - done));
            Read(tensor, start + done, part);
            visit(part);
        }
    }

    /// <summary>The elements from a row-major position on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside.</exception>
    public static void Read(NativeTensor tensor, long start, Span<double> target)
    {
        switch (tensor.Type)
        {
            case ElementType.F32: Convert<float>(tensor, start, target); break;
            case ElementType.F64: Convert<double>(tensor, start, target); break;
            case ElementType.F16: Convert<Half>(tensor, start, target); break;
            case ElementType.I8: Convert<sbyte>(tensor, start, target); break;
            case ElementType.I16: Convert<short>(tensor, start, target); break;
            case ElementType.I32: Convert<int>(tensor, start, target); break;
            case ElementType.I64 or ElementType.Int: Convert<long>(tensor, start, target); break;
            case ElementType.U8 or ElementType.Bool: Convert<byte>(tensor, start, target); break;
            case ElementType.U16: Convert<ushort>(tensor, start, target); break;
            case ElementType.U32: Convert<uint>(tensor, start, target); break;
            case ElementType.U64: Convert<ulong>(tensor, start, target); break;
            default:
                // Of less than a byte, or a bf16, for which .NET has no type.
                for (int i = 0; i < target.Length; i++) target[i] = tensor[start + i] is var v && tensor.Type.IsFloat ? v.Real : v.Integer;
                break;
        }
        GC.KeepAlive(tensor);
    }

    private static void Convert<T>(NativeTensor tensor, long start, Span<double> target) where T : unmanaged, INumber<T>
    {
        var source = tensor.AsSpan<T>(start, target.Length);
        for (int i = 0; i < target.Length; i++) target[i] = double.CreateTruncating(source[i]);
    }
}
