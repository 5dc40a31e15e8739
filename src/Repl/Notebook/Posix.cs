using System.Runtime.InteropServices;

namespace Tx.Repl.Notebook;

/// <summary>The calls of the C library that notebooks need; the constants are Linux's.</summary>
internal static unsafe partial class Posix
{
    private const string Library = "libc";
    private const int Unbuffered = 2, Interrupted = 4;
    public const short PollIn = 1;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int File;
        public short Events, Returned;
    }

    [LibraryImport(Library, EntryPoint = "pipe", SetLastError = true)] private static partial int PipeOf(int* files);
    [LibraryImport(Library, EntryPoint = "dup", SetLastError = true)] private static partial int DuplicateOf(int file);
    [LibraryImport(Library, EntryPoint = "dup2", SetLastError = true)] private static partial int DuplicateTo(int file, int target);
    [LibraryImport(Library, EntryPoint = "close")] internal static partial int Close(int file);
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)] private static partial nint ReadFrom(int file, byte* buffer, nuint count);
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)] private static partial nint WriteTo(int file, byte* buffer, nuint count);
    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)] private static partial int PollOf(PollEntry* entries, nuint count, int milliseconds);
    [LibraryImport(Library, EntryPoint = "fflush")] private static partial int FlushOf(nint stream);
    [LibraryImport(Library, EntryPoint = "setvbuf")] private static partial int SetBuffer(nint stream, nint buffer, int mode, nuint size);
    [LibraryImport(Library, EntryPoint = "getppid")] internal static partial int ParentId();
    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)] private static partial int Signal(int process, int signal);

    public static (int Read, int Write) Pipe()
    {
        int* files = stackalloc int[2];
        return PipeOf(files) == 0 ? (files[0], files[1]) : throw Failure("pipe");
    }

    public static int Duplicate(int file) => DuplicateOf(file) is >= 0 and var copy ? copy : throw Failure("dup");

    /// <summary>Makes <paramref name="target"/> another name of <paramref name="file"/>.</summary>
    public static void Replace(int target, int file)
    {
        if (DuplicateTo(file, target) < 0) throw Failure("dup2");
    }

    /// <returns>How many bytes came; 0 at the end or where the file cannot be read.</returns>
    public static int Read(int file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
            while (true)
            {
                nint count = ReadFrom(file, start, (nuint)buffer.Length);
                if (count >= 0) return (int)count;
                if (Marshal.GetLastPInvokeError() != Interrupted) return 0;
            }
    }

    /// <returns>False where the file takes nothing more.</returns>
    public static bool Write(int file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            for (int written = 0; written < bytes.Length;)
            {
                nint count = WriteTo(file, start + written, (nuint)(bytes.Length - written));
                if (count > 0) written += (int)count;
                else if (Marshal.GetLastPInvokeError() != Interrupted) return false;
            }
        return true;
    }

    /// <summary>Whether there is something to read, or the end, within a time; −1 waits for ever.</summary>
    public static bool Awaits(int file, int milliseconds)
    {
        var entry = new PollEntry { File = file, Events = PollIn };
        while (true)
        {
            int ready = PollOf(&entry, 1, milliseconds);
            if (ready >= 0) return ready > 0;
            if (Marshal.GetLastPInvokeError() != Interrupted) return true;
        }
    }

    /// <summary>Writes out what the C library holds back.</summary>
    public static void FlushStreams() => _ = FlushOf(0);

    /// <summary>Native code that prints is seen at once, between what others write.</summary>
    public static void UnbufferStreams()
    {
        nint library = NativeLibrary.Load(Library, typeof(Posix).Assembly, null);
        foreach (string name in (string[])["stdout", "stderr"])
            if (NativeLibrary.TryGetExport(library, name, out nint stream) && *(nint*)stream != 0) _ = SetBuffer(*(nint*)stream, 0, Unbuffered, 0);
    }

    public static bool IsAlive(int process) => Signal(process, 0) == 0 || Marshal.GetLastPInvokeError() == 1;

    private static IOException Failure(string call) => new($"`{call}` failed: {Marshal.GetLastPInvokeErrorMessage()}");
}
