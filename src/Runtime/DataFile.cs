using Tx.Core;

namespace Tx.Runtime;

/// <summary>Files of data as they are opened and replaced; what the system refuses is a diagnostic.</summary>
public static class DataFile
{
    // ENOSPC.
    private const int DiskFull = 28;

    /// <exception cref="DiagnosticException">The file is missing or unreadable, or <paramref name="read"/> threw one.</exception>
    public static T Read<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096, FileOptions.SequentialScan);
            return read(stream);
        }
        catch (Exception e) when (IsFileFailure(e))
        {
            throw new DiagnosticException(RuntimeDiagnostics.CannotRead, null, path, Reason(e));
        }
    }

    /// <summary>Writes a file under a temporary name in the same folder and then renames it, so that no reader sees a part of it.</summary>
    /// <exception cref="DiagnosticException">The folder is missing, not writable or full.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        string temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        bool isOurs = false;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                isOurs = true;
                write(stream);
                stream.Flush();
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (IsFileFailure(e))
        {
            throw new DiagnosticException(RuntimeDiagnostics.CannotWrite, null, path, Reason(e));
        }
        finally
        {
            if (isOurs) TryDelete(temporary);
        }
    }

    /// <summary>Writes a text in UTF-8.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static bool IsFileFailure(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    private static string Reason(Exception e) => e switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such folder",
        UnauthorizedAccessException => "access is denied, or it is a folder",
        PathTooLongException => "the path is too long",
        ArgumentException or NotSupportedException => "the path is not valid",
        { HResult: DiskFull } => "the disk is full",
        // The system's words, without the path that .NET puts behind them.
        _ => e.Message.Split(" : '")[0].TrimEnd('.'),
    };

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsFileFailure(e))
        {
            // The failure that led here is the one to report.
        }
    }
}
