using System.Collections.Immutable;

namespace Tx.Runtime;

/// <summary>A dimension that a call decides: the extent of a parameter.</summary>
public sealed record KernelDimension(string Name, int Parameter, int Dimension);

/// <summary>A buffer of the kernel's own, by steps of the <see cref="SizeProgram"/>: its extents.</summary>
public sealed record KernelBuffer(string Name, int ElementBytes, ImmutableArray<int> Shape);

/// <summary>A part of the workspace whose size a call decides: it holds the largest of <paramref name="Buffers"/>.</summary>
/// <param name="IsPerWorker">One for each worker of a parallel loop.</param>
public sealed record KernelSlot(bool IsPerWorker, ImmutableArray<KernelBuffer> Buffers);

/// <summary>What a kernel for all sizes needs beside its code: how the extents of its parameters and the bytes of its workspace follow from the
/// dimensions. Where there are slots, the workspace begins with a table of 64-bit numbers: the bytes of one worker's part, the offset of
/// worker 0's part, then for each slot its offset, from the start of the workspace or, for one that each worker has, of the worker's part.
/// Behind the table lie <see cref="KernelImage.WorkspaceBytes"/>, the shared slots, and the workers' parts: <see cref="KernelImage.WorkerBytes"/> and their slots.</summary>
/// <param name="Shapes">For each parameter its extents, as steps of <paramref name="Values"/>.</param>
public sealed record SymbolicSizes(
    ImmutableArray<KernelDimension> Dims, SizeProgram Values, ImmutableArray<ImmutableArray<int>> Shapes, ImmutableArray<KernelSlot> Slots)
{
    /// <summary>Offsets and parts of the workspace are multiples of it.</summary>
    public const int Alignment = 64;

    /// <summary>Entries of the table before those of the slots.</summary>
    public const int FixedEntries = 2;

    /// <summary>Bytes of the table; 0 where there is none.</summary>
    public static long TableBytes(int slots) => slots == 0 ? 0 : (8L * (FixedEntries + slots) + Alignment - 1) / Alignment * Alignment;
}
