using System.Runtime.InteropServices;

namespace Tx.Runtime;

/// <summary>One tensor argument of a kernel. All counts are in elements; the first element is at <c>Data + Offset * bytes</c>. A packed tensor is contiguous: its rows
/// follow each other, each begins with its first element in the lowest bits of a byte of its own, and the bits behind its last element are 0 where a kernel
/// writes and not read where it reads. Its shape counts elements; its strides and its offset count bytes, and the last dimension has the stride 0.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TxBuffer
{
    public void* Data;       // 0
    public long* Shape;      // 8
    public long* Strides;    // 16
    public long Offset;      // 24
    public int Rank;         // 32
    public int Type;         // 36: an ElementType
}                            // 40 bytes

/// <summary>Where a failing run-time check writes: which message, and up to four values.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TxError
{
    public int Message;         // 0
    public int Count;           // 4
    public fixed long Values[4]; // 8
}                               // 40 bytes

/// <summary>The one kernel ABI, version 1: <c>int32 f(const TxCall*)</c>; 0 is success, 1 a failed check (see <see cref="Error"/>),
/// 2 a cancelled call. JIT, ahead-of-time, C and device launches use it.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TxCall
{
    public const int CurrentVersion = 1;

    public int Version;                 // 0
    public int BufferCount;             // 4
    public TxBuffer* Buffers;           // 8: inputs, then outputs
    public byte* Workspace;             // 16: 64-byte aligned; its parts: see KernelImage and SymbolicSizes
    public long WorkspaceBytes;         // 24
    /// <summary><c>int32 launch(void* state, int32 (*body)(void* context, int64 begin, int64 end, int32 worker), void* context, int64 count, int64 grain)</c>:
    /// runs body over 0..count in chunks on the pool's workers (<c>worker</c> in 0..MaxWorkers); returns the first code that is not 0.</summary>
    public delegate* unmanaged<void*, delegate* unmanaged<void*, long, long, int, int>, void*, long, long, int> Launch; // 32
    public void* LaunchState;           // 40
    public int* Cancel;                 // 48: not 0 asks the kernel to stop; may be null
    public TxError* Error;              // 56
    public int MaxWorkers;              // 64
    public int Reserved;                // 68
}                                       // 72 bytes
