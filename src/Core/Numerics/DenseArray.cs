using System.Collections.Immutable;

namespace Tx.Core;

/// <summary>A row-major array of single values: what the reference evaluator and the loop interpreter read and write.</summary>
public sealed class DenseArray
{
    private readonly ulong[] _bits;

    /// <summary>All elements 0.</summary>
    public DenseArray(ElementType type, ImmutableArray<long> shape)
    {
        (Type, Shape) = (type, shape);
        long count = 1;
        foreach (long n in shape) count *= n;
        _bits = new ulong[count];
    }

    public ElementType Type { get; }
    public ImmutableArray<long> Shape { get; }
    public long Count => _bits.LongLength;

    /// <summary>The elements in row-major order, each as <see cref="ScalarMath.ToBits"/> gives it.</summary>
    public Span<ulong> Bits => _bits;

    /// <summary>The element at a row-major position.</summary>
    public Scalar this[long position]
    {
        get => ScalarMath.FromBits(Type, _bits[position]);
        set => _bits[position] = ScalarMath.ToBits(value);
    }

    public Scalar this[ReadOnlySpan<long> indices]
    {
        get => this[PositionOf(indices)];
        set => this[PositionOf(indices)] = value;
    }

    /// <exception cref="ArgumentOutOfRangeException">An index lies outside its extent.</exception>
    public long PositionOf(ReadOnlySpan<long> indices)
    {
        long p = 0;
        for (int d = 0; d < indices.Length; d++)
        {
            if (indices[d] < 0 || indices[d] >= Shape[d]) throw new ArgumentOutOfRangeException(nameof(indices), $"index {indices[d]} of dimension {d} is outside 0..{Shape[d]}");
            p = p * Shape[d] + indices[d];
        }
        return p;
    }
}
