using System.Security.Cryptography;
using System.Text;

namespace Tx.Repl.Notebook;

/// <summary>Takes what is written to the process's output and error files, by native code too. What a cell prints goes the same way, so that it stays in order with
/// what native code writes. The sink is called from one thread for each of the two files.</summary>
internal sealed class NativeCapture : IDisposable
{
    private readonly Channel _output, _error;
    private readonly Lock _flushing = new();

    /// <param name="outputFile">The file that is standard output, 1 outside of tests.</param>
    /// <param name="errorFile">The file that is standard error.</param>
    /// <param name="sink">Takes text; the first argument says whether it is of standard error.</param>
    public NativeCapture(int outputFile, int errorFile, Action<bool, string> sink)
    {
        Posix.UnbufferStreams();
        (_output, _error) = (new(outputFile, text => sink(false, text)), new(errorFile, text => sink(true, text)));
    }

    /// <summary>What <c>outputFile</c> was before.</summary>
    public int OriginalOutput => _output.Original;
    /// <summary>What <c>errorFile</c> was before.</summary>
    public int OriginalError => _error.Original;

    public void Print(string text) => _output.Write(Encoding.UTF8.GetBytes(text));
    public void PrintError(string text) => _error.Write(Encoding.UTF8.GetBytes(text));

    /// <summary>Returns when the sink has everything that was written so far.</summary>
    public void Flush()
    {
        lock (_flushing)
        {
            Posix.FlushStreams();
            _output.Mark();
            _error.Mark();
            _output.AwaitMark();
            _error.AwaitMark();
        }
    }

    public void Dispose()
    {
        Flush();
        _output.Dispose();
        _error.Dispose();
    }

    /// <summary>One file: a pipe in its place, and a thread at the other end. Marks inside the stream tell the reader that a flush waits.</summary>
    private sealed class Channel : IDisposable
    {
        // Text is handed on when so much has come or so much time has gone by: a message a line would drown a client.
        private const int ChunkBytes = 32 << 10, GatherMilliseconds = 15;

        private readonly int _file, _read;
        private readonly byte[] _mark = [0, .. Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(32)), 0];
        private readonly Action<string> _sink;
        private readonly object _gate = new();
        private readonly Decoder _decoder = new UTF8Encoding(false).GetDecoder();
        private readonly Thread _reader;
        private long _written, _seen;
        private bool _isClosed;

        public Channel(int file, Action<string> sink)
        {
            (_file, _sink) = (file, sink);
            Original = Posix.Duplicate(file);
            (_read, int write) = Posix.Pipe();
            Posix.Replace(file, write);
            _ = Posix.Close(write);
            _reader = new Thread(Read) { IsBackground = true, Name = $"output {file}" };
            _reader.Start();
        }

        public int Original { get; }

        public void Write(ReadOnlySpan<byte> bytes) => Posix.Write(_file, bytes);

        public void Mark()
        {
            lock (_gate) _written++;
            // Someone closed the file or put another in its place: nothing can be waited for.
            if (!Posix.Write(_file, _mark))
                lock (_gate) _seen = _written;
        }

        public void AwaitMark()
        {
            lock (_gate)
                while (_seen < _written && !_isClosed)
                    if (!Monitor.Wait(_gate, TimeSpan.FromSeconds(5))) _seen = _written;
        }

        private void Read()
        {
            byte[] buffer = new byte[ChunkBytes + _mark.Length];
            int held = 0;
            long deadline = 0;
            while (true)
            {
                if (held > 0 && (held >= ChunkBytes || !Posix.Awaits(_read, (int)Math.Max(0, deadline - Environment.TickCount64))))
                {
                    held = HandOn(buffer, held);
                    deadline = Environment.TickCount64 + GatherMilliseconds;
                    // What is left may be the beginning of a mark.
                    if (held > 0 && !Posix.Awaits(_read, GatherMilliseconds)) held = HandOn(buffer, held, all: true);
                    continue;
                }
                int count = Posix.Read(_read, buffer.AsSpan(held));
                if (count == 0) break;
                if (held == 0) deadline = Environment.TickCount64 + GatherMilliseconds;
                held = TakeMarks(buffer, held + count);
            }
            HandOn(buffer, held, all: true);
            lock (_gate)
            {
                _isClosed = true;
                Monitor.PulseAll(_gate);
            }
        }

        /// <summary>Takes the marks out; what stands before one is handed on, and then it counts as seen.</summary>
        private int TakeMarks(byte[] buffer, int length)
        {
            while (buffer.AsSpan(0, length).IndexOf(_mark) is >= 0 and var at)
            {
                HandOn(buffer, at, all: true);
                buffer.AsSpan(at + _mark.Length, length - at - _mark.Length).CopyTo(buffer);
                length -= at + _mark.Length;
                lock (_gate)
                {
                    _seen++;
                    Monitor.PulseAll(_gate);
                }
            }
            return length;
        }

        /// <summary>Hands text on, but for a tail that may begin a mark; gives the length of that.</summary>
        private int HandOn(byte[] buffer, int length, bool all = false)
        {
            int tail = all ? 0 : Math.Min(length, _mark.Length - 1);
            while (tail > 0 && !_mark.AsSpan().StartsWith(buffer.AsSpan(length - tail, tail))) tail--;
            char[] text = new char[length - tail + 2];
            int count = _decoder.GetChars(buffer, 0, length - tail, text, 0);
            if (count > 0) _sink(new string(text, 0, count));
            buffer.AsSpan(length - tail, tail).CopyTo(buffer);
            return tail;
        }

        public void Dispose()
        {
            // The last writer goes, the reader comes to the end.
            Posix.Replace(_file, Original);
            _reader.Join(TimeSpan.FromSeconds(2));
            _ = Posix.Close(Original);
            _ = Posix.Close(_read);
        }
    }
}
