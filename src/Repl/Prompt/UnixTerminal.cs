using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace Tx.Repl.Prompt;

/// <summary>The terminal of this process on Linux and macOS. Between <see cref="Edit"/> and its disposal it is in raw mode; at any other time it is as it was, so that Ctrl-C is a signal.</summary>
internal sealed partial class UnixTerminal : ITerminal, IDisposable
{
    // Larger than the structure of any system; its fields are the C library's.
    private const int TermiosBytes = 256;
    private const int Now = 0;
    private const short In = 1;
    private const string PasteOn = "\e[?2004h", PasteOff = "\e[?2004l";

    private readonly byte[] _saved = new byte[TermiosBytes];
    private readonly int[] _wake = new int[2];
    private readonly PosixSignalRegistration _resize;
    private readonly Stream _output = Console.OpenStandardOutput();
    private volatile bool _isResized;
    private volatile bool _isRaw;

    [UnsupportedOSPlatform("windows")]
    private UnixTerminal()
    {
        _ = Pipe(_wake);
        _resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal =>
        {
            _isResized = true;
            byte one = 1;
            _ = Write(_wake[1], ref one, 1);
        });
    }

    /// <summary>Null where standard input or output is no terminal, or the terminal can do too little.</summary>
    public static UnixTerminal? Open()
    {
        if (OperatingSystem.IsWindows() || Console.IsInputRedirected || Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb") return null;
        var terminal = new UnixTerminal();
        if (GetAttributes(0, terminal._saved) == 0) return terminal;
        terminal.Dispose();
        return null;
    }

    public int Columns => Console.WindowWidth is > 0 and var n ? n : 80;
    public int Rows => Console.WindowHeight is > 0 and var n ? n : 24;

    public void Write(string text)
    {
        _output.Write(Encoding.UTF8.GetBytes(text));
        _output.Flush();
    }

    public IDisposable Edit()
    {
        // What a kernel or another program has changed stays.
        _ = GetAttributes(0, _saved);
        byte[] raw = (byte[])_saved.Clone();
        MakeRaw(raw);
        _ = SetAttributes(0, Now, raw);
        _isRaw = true;
        Write(PasteOn);
        return new Restorer(this);
    }

    private void Restore()
    {
        if (!_isRaw) return;
        _isRaw = false;
        Write(PasteOff);
        _ = SetAttributes(0, Now, _saved);
    }

    public TerminalInput Read(int milliseconds)
    {
        while (true)
        {
            PollEntry[] entries = [new() { File = 0, Events = In }, new() { File = _wake[0], Events = In }];
            int ready = Poll(entries, 2, milliseconds);
            if (ready < 0 && Marshal.GetLastPInvokeError() is 4) continue;
            if (ready == 0) return new([], TerminalEvent.Timeout);
            if (_isResized)
            {
                _isResized = false;
                byte[] drained = new byte[16];
                _ = Read(_wake[0], drained, drained.Length);
                return new([], TerminalEvent.Resized);
            }
            byte[] buffer = new byte[65536];
            nint count = Read(0, buffer, buffer.Length);
            if (count < 0 && Marshal.GetLastPInvokeError() is 4) continue;
            return count <= 0 ? new([], TerminalEvent.Ended) : new(buffer[..(int)count], TerminalEvent.Input);
        }
    }

    public void Dispose()
    {
        Restore();
        _resize.Dispose();
        _ = Close(_wake[0]);
        _ = Close(_wake[1]);
    }

    private sealed class Restorer(UnixTerminal terminal) : IDisposable
    {
        public void Dispose() => terminal.Restore();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int File;
        public short Events, Returned;
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int file, byte[] termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int file, int when, byte[] termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte[] termios);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll([In, Out] PollEntry[] entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int file, byte[] buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int file, ref byte buffer, nint count);

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    private static partial int Pipe(int[] files);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
