using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Schedule.Steps.Checking;

namespace Tx;

/// <summary>Evidence of checked and tested steps, in memory and on disk beside the object code. Any number of processes may use one directory; what cannot be read, or is damaged, is
/// checked again.</summary>
/// <param name="directory">Made when the first evidence is kept; null: nothing is kept on disk.</param>
public sealed class EvidenceCache(string? directory) : IEvidenceStore
{
    // A file is this line, the tier, the argument, and the SHA-256 of the three lines.
    private const string FirstLine = "tx evidence 1";
    private const string Extension = ".evidence.tx";
    /// <summary>The oldest files go when there are more.</summary>
    private const int MaxFiles = 1 << 14;

    private readonly ConcurrentDictionary<string, Evidence> _known = new(StringComparer.Ordinal);

    /// <summary>In the directory of the object cache.</summary>
    public static EvidenceCache Default() => new(ObjectCache.Default()?.Directory);

    public Evidence? Find(string key)
    {
        if (_known.TryGetValue(key, out var known)) return known;
        if (directory is null) return null;
        try
        {
            return File.Exists(PathOf(key)) && Read(File.ReadAllText(PathOf(key))) is { } kept ? _known[key] = kept : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Keep(string key, Evidence evidence)
    {
        _known[key] = evidence;
        if (directory is null) return;
        string? temporary = null;
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
            else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // Another process sees the whole file or none.
            temporary = PathOf(key) + "." + Guid.NewGuid().ToString("N");
            File.WriteAllText(temporary, Write(evidence));
            File.Move(temporary, PathOf(key), overwrite: true);
            temporary = null;
            // Counting the directory at every store would cost more than it saves.
            if (key.EndsWith("00", StringComparison.Ordinal)) Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (temporary is not null) Delete(temporary);
        }
    }

    private void Trim()
    {
        var files = new DirectoryInfo(directory!).GetFiles("*" + Extension + "*");
        foreach (var file in files.OrderBy(f => f.LastWriteTimeUtc).Take(files.Length - MaxFiles)) Delete(file.FullName);
    }

    private string PathOf(string key) => Path.Combine(directory!, key + Extension);

    private static string Write(Evidence evidence)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{FirstLine}\n{(int)evidence.Tier}\n{evidence.Argument}\n");
        return text + HashOf(text) + "\n";
    }

    // Proofs are not kept: a file never makes a step proved.
    private static Evidence? Read(string file) =>
        file.Split('\n') is [FirstLine, var tier, var argument, var hash, ""] && hash == HashOf($"{FirstLine}\n{tier}\n{argument}\n")
            ? tier switch { "2" => Evidence.Checked(argument), "3" => Evidence.Tested(argument), _ => null } : null;

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Delete(string path)
    {
        try { File.Delete(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return; }
    }
}
