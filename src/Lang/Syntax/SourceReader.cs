using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>Reads program files: UTF-8, with or without a byte order mark, lines ended by LF or CRLF.</summary>
public static class SourceReader
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>The text of a file; null where it cannot be read as text, with the reason in <paramref name="error"/>.</summary>
    public static SourceText? Read(string path, out Diagnostic? error)
    {
        error = null;
        byte[] bytes;
        try
        {
            if (Directory.Exists(path)) return Fail(out error, SyntaxDiagnostics.FileIsDirectory, path);
            if (!File.Exists(path)) return Fail(out error, SyntaxDiagnostics.FileNotFound, path);
            using var stream = File.OpenRead(path);
            if (stream.CanSeek && stream.Length > MaxBytes || ReadAtMost(stream, MaxBytes + 1) is var read && read.Length > MaxBytes)
                return Fail(out error, SyntaxDiagnostics.FileTooLarge, path, MaxBytes);
            bytes = read;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            return Fail(out error, SyntaxDiagnostics.FileNotFound, path);
        }
        catch (UnauthorizedAccessException)
        {
            return Fail(out error, SyntaxDiagnostics.FileUnreadable, path, "permission denied");
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return Fail(out error, SyntaxDiagnostics.FileUnreadable, path, "the system reports an input error");
        }
        return Decode(path, bytes, out error);
    }

    /// <summary>The text that <paramref name="bytes"/> encode.</summary>
    public static SourceText? Decode(string path, ReadOnlySpan<byte> bytes, out Diagnostic? error)
    {
        error = null;
        var preamble = Encoding.UTF8.Preamble;
        int start = bytes.StartsWith(preamble) ? preamble.Length : 0;
        if (Utf8.IsValid(bytes)) return new SourceText(path, Encoding.UTF8.GetString(bytes[start..]));
        int offset = FirstInvalid(bytes);
        return Fail(out error, SyntaxDiagnostics.NotText, path, "0x" + bytes[offset].ToString("X2", CultureInfo.InvariantCulture), offset);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out int length) == OperationStatus.Done) offset += length;
        return offset;
    }

    /// <summary>Devices and pipes do not know their length.</summary>
    private static byte[] ReadAtMost(Stream stream, int limit)
    {
        using var result = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        while (result.Length < limit && stream.Read(buffer) is > 0 and var count) result.Write(buffer, 0, count);
        return result.ToArray();
    }

    private static SourceText? Fail(out Diagnostic error, DiagnosticDescriptor descriptor, params object[] args)
    {
        error = Diagnostic.Create(descriptor, null, args);
        return null;
    }
}
