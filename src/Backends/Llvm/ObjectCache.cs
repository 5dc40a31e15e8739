using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Tx.Backends.Llvm;

/// <summary>Object code on disk, by the hash of all that it is made from. Any number of processes may use one directory. It is only a cache: what cannot be
/// read, is damaged or cannot be written is compiled again.</summary>
/// <param name="directory">Made when the first object is put.</param>
/// <param name="maxBytes">The least recently used objects go when all together exceed it.</param>
public sealed class ObjectCache(string directory, long maxBytes = 256L << 20)
{
    // A file is the characters TXOBJ01 and 0, the length, the SHA-256 of the code, the code.
    private const ulong Magic = 0x0031_304A_424F_5854;
    private const int HeaderBytes = 16 + SHA256.HashSizeInBytes;
    private const string Extension = ".o.tx";

    public string Directory { get; } = directory;

    /// <summary><c>$TX_CACHE</c>, else <c>$XDG_CACHE_HOME/tx</c>, else <c>~/.cache/tx</c>; null where there is none of them.</summary>
    public static ObjectCache? Default()
    {
        if (Environment.GetEnvironmentVariable("TX_CACHE") is { Length: > 0 } given) return new(given);
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } shared) return new(Path.Combine(shared, "tx"));
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? new(Path.Combine(home, ".cache", "tx")) : null;
    }

    /// <summary>What was put under a key; default where there is nothing that is whole.</summary>
    public ImmutableArray<byte> TryGet(string key)
    {
        try
        {
            string path = PathOf(key);
            if (!File.Exists(path)) return default;
            byte[] file = File.ReadAllBytes(path);
            if (!IsWhole(file)) return default;
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return [.. file.AsSpan(HeaderBytes)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    /// <summary>Keeps bytes under a key; nothing happens where they cannot be written.</summary>
    /// <param name="key">A hash of all that the bytes are made from, in hexadecimal.</param>
    public void Put(string key, ReadOnlySpan<byte> code)
    {
        string? temporary = null;
        try
        {
            if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(Directory);
            else System.IO.Directory.CreateDirectory(Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            byte[] file = new byte[HeaderBytes + code.Length];
            BinaryPrimitives.WriteUInt64LittleEndian(file, Magic);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(8), code.Length);
            SHA256.HashData(code, file.AsSpan(16));
            code.CopyTo(file.AsSpan(HeaderBytes));
            // Another process sees the whole file or none.
            temporary = PathOf(key) + "." + Guid.NewGuid().ToString("N");
            File.WriteAllBytes(temporary, file);
            File.Move(temporary, PathOf(key), overwrite: true);
            temporary = null;
            // Counting the directory at every store would cost more than it saves.
            if (key.EndsWith('0')) Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (temporary is not null) Delete(temporary);
        }
    }

    /// <summary>Deletes the least recently used objects until three quarters of the limit are left.</summary>
    internal void Trim()
    {
        var files = new DirectoryInfo(Directory).GetFiles("*" + Extension + "*");
        long total = files.Sum(f => f.Length);
        if (total <= maxBytes) return;
        foreach (var file in files.OrderBy(f => f.LastWriteTimeUtc))
        {
            if (total <= maxBytes / 4 * 3) return;
            total -= file.Length;
            Delete(file.FullName);
        }
    }

    internal string PathOf(string key) => Path.Combine(Directory, key + Extension);

    private static bool IsWhole(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderBytes && BinaryPrimitives.ReadUInt64LittleEndian(file) == Magic
        && BinaryPrimitives.ReadInt64LittleEndian(file[8..]) == file.Length - HeaderBytes
        && SHA256.HashData(file[HeaderBytes..]).AsSpan().SequenceEqual(file.Slice(16, SHA256.HashSizeInBytes));

    private static void Delete(string path)
    {
        try { File.Delete(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return; }
    }
}
