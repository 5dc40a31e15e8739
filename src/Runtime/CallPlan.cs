using System.Collections.Immutable;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>What all calls of a kernel for one choice of sizes share: shapes, strides, and the parts of the workspace.</summary>
internal sealed unsafe class CallPlan
{
    /// <summary>No tensor and no workspace may be larger: the address space of a process.</summary>
    public const long MaxBytes = 1L << 47;

    private readonly NativeBlock _extents;
    private readonly int _rankSum;
    private readonly long[] _counts, _bytes;

    /// <param name="image">Of a kernel whose sizes are all known, or</param>
    /// <param name="sizes">its sizes: one for each dimension that a call decides.</param>
    /// <exception cref="DiagnosticException">A tensor or the workspace is too large, or there is no memory left.</exception>
    public CallPlan(KernelImage image, ImmutableArray<long> sizes)
    {
        Sizes = sizes;
        (SharedBytes, WorkerBytes) = (image.WorkspaceBytes, image.WorkerBytes);
        var values = image.Symbolic?.Values.Evaluate(sizes.AsSpan()) ?? [];
        Shapes = [.. image.Parameters.Select((p, i) => ShapeOf(p, image.Symbolic?.Shapes[i] ?? [], values))];
        if (image.Symbolic is { Slots.IsEmpty: false } symbolic) Table = Place(image, symbolic, values);

        _counts = [.. image.Parameters.Zip(Shapes, (p, shape) => p.Type.IsPacked ? TensorType.CountBytes(p.Type, shape.AsSpan()) : TensorType.CountElements(p.Type, shape.AsSpan()))];
        _bytes = [.. image.Parameters.Zip(Shapes, (p, shape) => TensorType.CountBytes(p.Type, shape.AsSpan()))];
        foreach (var shape in Shapes) _rankSum += shape.Length;
        long bytes = 2L * sizeof(long) * _rankSum;
        _extents = NativeBlock.TryAllocate(bytes) ?? throw new DiagnosticException(RuntimeDiagnostics.WorkspaceMemory, null, image.Name, TensorType.FormatBytes(bytes));
        // Shapes, then strides, parameter after parameter.
        long* extent = Extents, stride = Strides;
        foreach (var (shape, parameter) in Shapes.Zip(image.Parameters))
        {
            foreach (long n in shape) *extent++ = n;
            foreach (long n in TensorType.RowMajorStrides(parameter.Type, shape.AsSpan())) *stride++ = n;
        }
    }

    public ImmutableArray<long> Sizes { get; }
    /// <summary>Of each parameter.</summary>
    public ImmutableArray<ImmutableArray<long>> Shapes { get; }
    /// <summary>Elements of each parameter, or bytes where they are packed.</summary>
    public ReadOnlySpan<long> Counts => _counts;
    public ReadOnlySpan<long> Bytes => _bytes;
    public long SharedBytes { get; private set; }
    public long WorkerBytes { get; private set; }
    /// <summary>What the workspace begins with; empty where the code knows its offsets.</summary>
    public ImmutableArray<long> Table { get; } = [];
    public long* Extents => (long*)_extents.Address;
    public long* Strides => Extents + _rankSum;

    public void Dispose() => _extents.Dispose();

    private static ImmutableArray<long> ShapeOf(KernelParameter p, ImmutableArray<int> steps, ImmutableArray<long?> values)
    {
        if (steps.IsEmpty) return [.. p.Shape.Select(n => n!.Value)];
        var shape = ExtentsOf(p.Name, steps, values);
        CheckBytes(p.Name, p.Type.Bytes, shape);
        return shape;
    }

    // The shared slots behind the shared part, each worker's slots behind its own.
    private ImmutableArray<long> Place(KernelImage image, SymbolicSizes symbolic, ImmutableArray<long?> values)
    {
        long[] table = new long[SymbolicSizes.FixedEntries + symbolic.Slots.Length];
        SharedBytes += SymbolicSizes.TableBytes(symbolic.Slots.Length);
        for (int i = 0; i < symbolic.Slots.Length; i++)
        {
            var slot = symbolic.Slots[i];
            long bytes = slot.Buffers.Max(b => CheckBytes(b.Name, b.ElementBytes, ExtentsOf(b.Name, b.Shape, values)));
            long offset = slot.IsPerWorker ? WorkerBytes : SharedBytes;
            long end = offset + (bytes + SymbolicSizes.Alignment - 1) / SymbolicSizes.Alignment * SymbolicSizes.Alignment;
            if (end > MaxBytes) throw TooLarge(image.Name);
            table[SymbolicSizes.FixedEntries + i] = offset;
            if (slot.IsPerWorker) WorkerBytes = end;
            else SharedBytes = end;
        }
        (table[0], table[1]) = (WorkerBytes, SharedBytes);
        return ImmutableArray.Create(table);
    }

    private static ImmutableArray<long> ExtentsOf(string name, ImmutableArray<int> steps, ImmutableArray<long?> values) =>
        [.. steps.Select(s => values[s] is { } n ? Math.Max(0, n) : throw TooLarge(name))];

    // An extent of 0 does not excuse the others: they are multiplied with each other when an index is computed.
    private static long CheckBytes(string name, int elementBytes, ImmutableArray<long> shape)
    {
        Int128 bytes = elementBytes;
        foreach (long n in shape)
        {
            bytes *= Math.Max(1, n);
            if (bytes > MaxBytes) throw TooLarge(name);
        }
        return shape.Contains(0) ? 0 : (long)bytes;
    }

    private static DiagnosticException TooLarge(string name) => new(RuntimeDiagnostics.SizesTooLarge, null, name, MaxBytes);
}
