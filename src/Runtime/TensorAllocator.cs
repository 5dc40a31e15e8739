using System.Collections.Immutable;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>Makes tensors and keeps account of their memory. Safe for several threads. It owns nothing: each tensor is disposed by itself.</summary>
/// <param name="limitBytes">The most bytes that its living tensors may have together; by default the memory that this process may use.</param>
public sealed class TensorAllocator(long? limitBytes = null)
{
    // Smaller requests are not worth the 20 µs of asking the system.
    private const long LargeBytes = 256L << 20;

    private long _bytesInUse, _peakBytes;

    public long LimitBytes { get; set; } = limitBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    /// <summary>Bytes of the tensors that are not disposed.</summary>
    public long BytesInUse => Volatile.Read(ref _bytesInUse);
    /// <summary>The highest value that <see cref="BytesInUse"/> had.</summary>
    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>A row-major tensor with unspecified contents; packed elements are 0.</summary>
    /// <exception cref="DiagnosticException">The shape has a negative extent, is too large to address, or there is no memory for it.</exception>
    public NativeTensor Allocate(ElementType type, ReadOnlySpan<long> shape)
    {
        long count = TensorType.CountElements(type, shape);
        long bytes = TensorType.CountBytes(type, shape);
        if (bytes >= LargeBytes && SystemMemory.AvailableBytes() is { } available && bytes > available) throw OutOfMemory(type, shape, bytes, available);
        long before = Volatile.Read(ref _bytesInUse);
        if (bytes > LimitBytes - before && bytes <= LimitBytes)
        {
            // Tensors that nobody disposed count until they are collected.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            before = Volatile.Read(ref _bytesInUse);
        }
        while (true)
        {
            if (bytes > LimitBytes - before) throw OutOfMemory(type, shape, bytes, LimitBytes - before);
            long seen = Interlocked.CompareExchange(ref _bytesInUse, before + bytes, before);
            if (seen == before) break;
            before = seen;
        }
        var block = NativeBlock.TryAllocate(bytes);
        if (block is null)
        {
            Interlocked.Add(ref _bytesInUse, -bytes);
            throw OutOfMemory(type, shape, bytes, LimitBytes - before);
        }
        RaisePeak(before + bytes);
        var tensor = new NativeTensor(this, block, type, ImmutableArray.Create(shape), count, bytes);
        // Padding bits are 0, and writing an element keeps its neighbours.
        if (type.IsPacked) tensor.Clear();
        return tensor;
    }

    internal void Return(long bytes) => Interlocked.Add(ref _bytesInUse, -bytes);

    private void RaisePeak(long inUse)
    {
        long peak = Volatile.Read(ref _peakBytes);
        while (inUse > peak)
        {
            long seen = Interlocked.CompareExchange(ref _peakBytes, inUse, peak);
            if (seen == peak) return;
            peak = seen;
        }
    }

    private static DiagnosticException OutOfMemory(ElementType type, ReadOnlySpan<long> shape, long bytes, long left) =>
        new(RuntimeDiagnostics.OutOfMemory, null, TensorType.Format(type, shape), TensorType.FormatBytes(bytes), TensorType.FormatBytes(Math.Max(0, left)));
}
