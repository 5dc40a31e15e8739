using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tx.Repl.Lsp;

/// <summary>Messages with a header that gives their length, as the language server protocol frames them.</summary>
internal sealed class MessageStream(Stream input, Stream output)
{
    private const int MaxHeader = 8 << 10, MaxBody = 256 << 20;
    private readonly Lock _gate = new();
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _start, _end;

    /// <summary>The next message, null at the end of the input. What is no header is passed over.</summary>
    public byte[]? Read()
    {
        while (true)
        {
            int length = -1;
            while (true)
            {
                if (ReadLine() is not { } line) return null;
                if (line.Length == 0) break;
                const string name = "Content-Length:";
                if (line.StartsWith(name, StringComparison.OrdinalIgnoreCase) && int.TryParse(line.AsSpan(name.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int n)) length = n;
            }
            if (length is < 0 or > MaxBody) continue;
            byte[] body = new byte[length];
            for (int read = 0; read < length;)
            {
                int count = Math.Min(length - read, _end - _start);
                if (count == 0 && !Fill()) return null;
                Array.Copy(_buffer, _start, body, read, count);
                (read, _start) = (read + count, _start + count);
            }
            return body;
        }
    }

    private string? ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !Fill()) return null;
            char c = (char)_buffer[_start++];
            if (c == '\n') return line.ToString().TrimEnd('\r');
            // Rubbish without a line end is not kept.
            if (line.Length < MaxHeader) line.Append(c);
        }
    }

    private bool Fill()
    {
        _start = 0;
        _end = input.Read(_buffer);
        return _end > 0;
    }

    /// <summary>Writes one message; to a client that is gone it writes nothing. Safe for several threads.</summary>
    public void Write<T>(T message, JsonTypeInfo<T> type)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        Span<byte> header = stackalloc byte[48];
        "Content-Length: "u8.CopyTo(header);
        Utf8Formatter.TryFormat(body.Length, header[16..], out int digits);
        "\r\n\r\n"u8.CopyTo(header[(16 + digits)..]);
        lock (_gate)
        {
            try
            {
                output.Write(header[..(20 + digits)]);
                output.Write(body);
                output.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The reader meets the end of the input, and the server ends.
                return;
            }
        }
    }
}
