using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>One dimension of a slice: indices <paramref name="Start"/> up to but without <paramref name="End"/>; a dimension that is not kept
/// (an index, not a range) has one of them and leaves the shape.</summary>
public readonly record struct SliceRange(long Start, long End, bool KeepDimension = true)
{
    /// <summary>One index; the dimension goes.</summary>
    public static SliceRange At(long index) => new(index, unchecked(index + 1), KeepDimension: false);
}

/// <summary>A tensor in native memory: contiguous, row-major, 64-byte aligned. Disposal frees it (at once, or when the kernel that uses it
/// has returned); disposing twice is harmless; any other use afterwards throws <see cref="ObjectDisposedException"/>. Element access is
/// not synchronised.</summary>
public sealed unsafe class NativeTensor : IDisposable
{
    private readonly TensorAllocator _allocator;
    private readonly NativeBlock _block;
    private int _isReturned;

    internal NativeTensor(TensorAllocator allocator, NativeBlock block, ElementType type, ImmutableArray<long> shape, long count, long bytes)
    {
        (_allocator, _block, Type, Shape, Count, Bytes) = (allocator, block, type, shape, count, bytes);
    }

    // The block frees itself; this keeps the account of a tensor that nobody disposed.
    ~NativeTensor() => Release();

    public ElementType Type { get; }
    /// <summary>Extents, outermost first; empty for one value.</summary>
    public ImmutableArray<long> Shape { get; }
    public int Rank => Shape.Length;
    /// <summary>The number of elements.</summary>
    public long Count { get; }
    /// <summary>Rows of packed elements are padded to whole bytes.</summary>
    public long Bytes { get; }
    /// <summary>The allocator that it came from; results of an operation on it come from there, too.</summary>
    public TensorAllocator Allocator => _allocator;
    public bool IsDisposed => _block.IsClosed;

    /// <summary>The address of the first element; valid until disposal.</summary>
    public void* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_block.IsClosed, this);
            return (void*)_block.Address;
        }
    }

    /// <summary>The elements from a row-major position on.</summary>
    /// <typeparam name="T">A type as wide as the element type; <c>byte</c> for <c>bool</c> or for raw bytes of any tensor is not converted.</typeparam>
    /// <exception cref="ArgumentException">The widths differ, or the elements are packed: see <see cref="AsBytes"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside.</exception>
    public Span<T> AsSpan<T>(long start, int length) where T : unmanaged
    {
        if (Type.IsPacked) throw new ArgumentException($"elements of {Type.Name} share bytes");
        if (sizeof(T) != Type.Bytes) throw new ArgumentException($"elements of {Type.Name} have {Type.Bytes} bytes, {typeof(T).Name} has {sizeof(T)}");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Count - length);
        return new((T*)Data + start, length);
    }

    /// <summary>All elements.</summary>
    /// <exception cref="ArgumentException">The widths differ, or there are more elements than a span can hold.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged =>
        Count <= int.MaxValue ? AsSpan<T>(0, (int)Count) : throw new ArgumentException($"a span cannot hold {Count} elements");

    /// <summary>The memory as it is; of packed elements see <see cref="PackedRows"/>.</summary>
    /// <exception cref="ArgumentException">There is more than a span can hold.</exception>
    public Span<byte> AsBytes() => Bytes <= int.MaxValue ? new((byte*)Data, (int)Bytes) : throw new ArgumentException($"a span cannot hold {Bytes} bytes");

    /// <summary>The element at a row-major position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position does not lie in 0..<see cref="Count"/>.</exception>
    public Scalar this[long position]
    {
        get => ScalarMath.FromBits(Type, BitsAt(position));
        set
        {
            if (value.Type != Type) throw new ArgumentException($"a value of {value.Type.Name} for a tensor of {Type.Name}");
            ulong bits = ScalarMath.ToBits(value);
            byte* p = ElementAddress(position, out int shift);
            unchecked
            {
                if (Type.IsPacked)
                {
                    *p = (byte)(*p & ~(((1 << Type.Bits) - 1) << shift) | (int)bits << shift);
                    return;
                }
                switch (Type.Bytes)
                {
                    case 1: *p = (byte)bits; break;
                    case 2: *(ushort*)p = (ushort)bits; break;
                    case 4: *(uint*)p = (uint)bits; break;
                    default: *(ulong*)p = bits; break;
                }
            }
        }
    }

    /// <summary>A copy as the reference evaluator and the interpreter take it.</summary>
    public DenseArray ToDense()
    {
        var dense = new DenseArray(Type, Shape);
        var bits = dense.Bits;
        for (int i = 0; i < bits.Length; i++) bits[i] = BitsAt(i);
        return dense;
    }

    /// <summary>A copy in native memory; <c>int</c> becomes <c>i64</c>.</summary>
    public static NativeTensor FromDense(TensorAllocator allocator, DenseArray source)
    {
        var type = source.Type is ElementType.Int ? ElementType.I64 : source.Type;
        var tensor = allocator.Allocate(type, source.Shape.AsSpan());
        var bits = source.Bits;
        for (int i = 0; i < bits.Length; i++) tensor[i] = ScalarMath.FromBits(type, bits[i]);
        return tensor;
    }

    /// <summary>Sets all elements to 0 or <c>false</c>.</summary>
    public void Clear()
    {
        NativeMemory.Clear(Data, (nuint)Bytes);
        GC.KeepAlive(this);
    }

    /// <summary>A copy of everything.</summary>
    public NativeTensor Clone() => Reshape(Shape.AsSpan());

    /// <summary>A copy with other extents.</summary>
    /// <exception cref="ArgumentException">They do not make as many elements.</exception>
    public NativeTensor Reshape(ReadOnlySpan<long> shape)
    {
        if (TensorType.CountElements(Type, shape) != Count) throw new ArgumentException($"{this} has not the elements of {TensorType.Format(Type, shape)}");
        byte* source = (byte*)Data;
        var copy = _allocator.Allocate(Type, shape);
        if (Type.IsPacked)
        {
            // Rows of another length begin at other places.
            for (long i = 0; i < Count; i++) copy[i] = this[i];
            return copy;
        }
        Buffer.MemoryCopy(source, copy.Data, Bytes, Bytes);
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>A copy of a part.</summary>
    /// <param name="ranges">One for each dimension.</param>
    /// <exception cref="DiagnosticException">Their number is not the rank, or one does not lie inside.</exception>
    public NativeTensor Slice(ReadOnlySpan<SliceRange> ranges)
    {
        if (ranges.Length != Rank) throw new DiagnosticException(RuntimeDiagnostics.SliceRank, null, ToString(), ranges.Length);
        var shape = ImmutableArray.CreateBuilder<long>();
        var extents = new long[Rank];
        for (int d = 0; d < Rank; d++)
        {
            var (start, end, keep) = ranges[d];
            if (start < 0 || end < start || end > Shape[d] || (!keep && end != start + 1))
                throw new DiagnosticException(RuntimeDiagnostics.SliceRange, null, d, start, end, Shape[d]);
            extents[d] = end - start;
            if (keep) shape.Add(end - start);
        }
        var part = _allocator.Allocate(Type, shape.ToArray());
        if (part.Count == 0) return part;

        var strides = TensorType.RowMajorStrides(Shape.AsSpan());
        long runLength = Rank == 0 ? 1 : extents[^1];
        var index = new long[Rank];
        byte* target = (byte*)part.Data;
        for (long done = 0; done < part.Count; done += runLength)
        {
            long position = 0;
            for (int d = 0; d < Rank; d++) position += (ranges[d].Start + index[d]) * strides[d];
            if (Type.IsPacked)
            {
                for (long i = 0; i < runLength; i++) part[done + i] = this[position + i];
            }
            else
            {
                long bytes = runLength * Type.Bytes;
                Buffer.MemoryCopy((byte*)Data + position * Type.Bytes, target, bytes, bytes);
                target += bytes;
            }
            for (int d = Rank - 2; d >= 0 && ++index[d] == extents[d]; d--) index[d] = 0;
        }
        GC.KeepAlive(this);
        return part;
    }

    public void Dispose()
    {
        Release();
        _block.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary><c>f32[2, 3]</c></summary>
    public override string ToString() => TensorType.Format(Type, Shape.AsSpan());

    /// <summary>The memory, for a kernel call that holds it until it returns.</summary>
    internal NativeBlock Block => _block;

    private ulong BitsAt(long position)
    {
        byte* p = ElementAddress(position, out int shift);
        if (Type.IsPacked) return (ulong)(*p >> shift & ((1 << Type.Bits) - 1));
        return Type.Bytes switch { 1 => *p, 2 => *(ushort*)p, 4 => *(uint*)p, _ => *(ulong*)p };
    }

    // Where the element's first byte is; for a packed one, with its place in that byte.
    private byte* ElementAddress(long position, out int shift)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Count);
        shift = 0;
        if (!Type.IsPacked) return (byte*)Data + position * Type.Bytes;
        (long at, shift) = PackedRows.Place(Type, Shape, position);
        return (byte*)Data + at;
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _isReturned, 1) == 0) _allocator.Return(Bytes);
    }
}
