using Tx.Core;

namespace Tx.Runtime;

/// <summary>Tensors from a rule. The same arguments give the same bits on every machine and with any number of threads.</summary>
public static unsafe class TensorFill
{
    /// <summary>Pseudo-random elements; each depends on the seed and its row-major position alone (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
    /// Floats are uniform on [−1, 1) in steps of 2^−7 (<c>bf16</c>), 2^−10 (<c>f16</c>), 2^−23 (<c>f32</c>) or 2^−52 (<c>f64</c>), signed integers on −8..8 and unsigned ones on 0..8
    /// (both without the end, and no more than the type has), <c>bool</c> is a fair coin.</summary>
    public static NativeTensor Random(TensorAllocator allocator, ElementType type, ReadOnlySpan<long> shape, long seed)
    {
        var tensor = allocator.Allocate(type, shape);
        ulong start = Mix(unchecked((ulong)seed + Gamma));
        if (type is ElementType.F32)
        {
            float* f32 = (float*)tensor.Data;
            for (long i = 0; i < tensor.Count; i++) f32[i] = (Bits(start, i) >> 40) * (1f / (1 << 23)) - 1;
            return tensor;
        }
        for (long i = 0; i < tensor.Count; i++)
        {
            ulong h = Bits(start, i);
            tensor[i] = type switch
            {
                ElementType.F64 => Scalar.Of(type, (h >> 11) * (1.0 / (1L << 52)) - 1),
                ElementType.F16 => Scalar.Of(type, (h >> 53) * (1.0 / (1 << 10)) - 1),
                ElementType.BF16 => Scalar.Of(type, (h >> 56) * (1.0 / (1 << 7)) - 1),
                ElementType.Bool => Scalar.Bool(h >> 63 != 0),
                _ => Scalar.Of(type, Number(type, h)),
            };
        }
        return tensor;
    }

    // A power of two of values, all equally often.
    private static long Number(ElementType type, ulong h)
    {
        int bits = Math.Min(type.Bits, type.IsSigned ? 4 : 3);
        return (long)(h >> (64 - bits)) - (type.IsSigned ? 1L << (bits - 1) : 0);
    }

    private static ulong Bits(ulong start, long position) => Mix(unchecked(start + ((ulong)position + 1) * Gamma));

    /// <summary>All elements 0 or <c>false</c>.</summary>
    public static NativeTensor Zeros(TensorAllocator allocator, ElementType type, ReadOnlySpan<long> shape)
    {
        var tensor = allocator.Allocate(type, shape);
        tensor.Clear();
        return tensor;
    }

    /// <summary>All elements <paramref name="value"/>; an <c>int</c> is stored as an <c>i64</c>.</summary>
    public static NativeTensor Full(TensorAllocator allocator, ReadOnlySpan<long> shape, Scalar value)
    {
        if (value.Type is ElementType.Int) value = Scalar.Of(ElementType.I64, value.Integer);
        var tensor = allocator.Allocate(value.Type, shape);
        for (long i = 0; i < tensor.Count; i++) tensor[i] = value;
        return tensor;
    }

    /// <summary>The integers of <paramref name="start"/>..<paramref name="end"/> in one dimension; none where the end is not greater.</summary>
    /// <exception cref="DiagnosticException">One of them is not a value of the type, or there is no memory.</exception>
    public static NativeTensor Range(TensorAllocator allocator, ElementType type, long start, long end)
    {
        Int128 count = Int128.Max(0, (Int128)end - start);
        if (count > long.MaxValue) throw new DiagnosticException(RuntimeDiagnostics.TensorTooLarge, null, $"{type.Name}[{count}]");
        if (count > 0)
        {
            CheckFits(type, start);
            CheckFits(type, end - 1);
        }
        var tensor = allocator.Allocate(type, [(long)count]);
        for (long i = 0; i < tensor.Count; i++) tensor[i] = Scalar.Of(type, start + i);
        return tensor;
    }

    private static void CheckFits(ElementType type, long value)
    {
        bool fits = type.IsFloat || (value >= type.MinValue && value <= type.MaxValue);
        if (!fits) throw new DiagnosticException(RuntimeDiagnostics.FillValue, null, value, type.Name);
    }

    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
