using System.Runtime.InteropServices;

namespace Tx.Tests.Support;

/// <summary>Memory between two pages that nobody may touch: a read or a write before its first or behind its last byte ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;
    private readonly nint _map;
    private readonly nuint _length;

    /// <param name="atEnd">The last byte stands before the upper page; otherwise the first behind the lower one.</param>
    public GuardedMemory(int bytes, bool atEnd = true)
    {
        int page = Environment.SystemPageSize, inner = (bytes + page - 1) / page * page;
        _length = (nuint)(inner + 2 * page);
        _map = Map(0, _length, 0, PrivateAnonymous, -1, 0);
        if (_map == -1 || Protect(_map + page, (nuint)inner, ReadWrite) != 0) throw new InvalidOperationException($"no guarded memory: error {Marshal.GetLastPInvokeError()}");
        Address = (byte*)_map + page + (atEnd ? inner - bytes : 0);
        Bytes = bytes;
        Span.Fill(0xA5);
    }

    public byte* Address { get; }
    public int Bytes { get; }
    public Span<byte> Span => new(Address, Bytes);
    public Span<T> As<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Span);

    public void Dispose() => _ = Unmap(_map, _length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
