using System.Runtime.InteropServices;

namespace Tx.Runtime.Native;

/// <summary>The calls of the C library that tensors need; the constants are Linux's.</summary>
internal static unsafe partial class LibC
{
    public const int ProtRead = 1, ProtWrite = 2;
    public const int MapPrivate = 2, MapAnonymous = 0x20;
    public const int AdviseHugePages = 14;
    public static readonly nint MapFailed = -1;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nint address, nuint length, int advice);
}
