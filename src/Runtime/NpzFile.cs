using System.Collections.Immutable;
using System.IO.Compression;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>NumPy's <c>.npz</c> files: ZIP archives, stored or deflated, of one <c>.npy</c> entry for each named array.</summary>
public static class NpzFile
{
    private const string Suffix = ".npy";
    // What deflate reaches at best, to one; an entry that claims more is damaged.
    private const long MaxRatio = 1040;
    private static readonly DateTimeOffset WriteTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads arrays by name into row-major tensors, in the order of the names.</summary>
    /// <exception cref="DiagnosticException">The file is missing, unreadable or damaged, holds two arrays of one name, or has no array of a
    /// name that is asked for.</exception>
    public static ImmutableArray<NativeTensor> Read(string path, IReadOnlyList<string> names, TensorAllocator allocator) => Open(path, entries =>
    {
        var tensors = ImmutableArray.CreateBuilder<NativeTensor>(names.Count);
        try
        {
            foreach (string name in names)
                tensors.Add(entries.TryGetValue(name, out var entry) ? Read(entry, $"{path}/{name}", allocator) : throw Missing(path, name, entries.Keys));
            return tensors.MoveToImmutable();
        }
        catch
        {
            foreach (var t in tensors) t.Dispose();
            throw;
        }
    });

    /// <summary>The names of the arrays, in the order of the archive.</summary>
    /// <exception cref="DiagnosticException">The file is missing, unreadable or damaged.</exception>
    public static ImmutableArray<string> Names(string path) => Open(path, entries => entries.Keys.ToImmutableArray());

    /// <summary>Writes an archive without compression, as <c>numpy.savez</c> does; it appears as a whole or not at all. The same tensors give the same bytes.</summary>
    /// <exception cref="DiagnosticException">The folder is missing, not writable or full.</exception>
    public static void Write(string path, IEnumerable<(string Name, NativeTensor Tensor)> arrays) => DataFile.Write(path, stream =>
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, tensor) in arrays)
        {
            var entry = archive.CreateEntry(name + Suffix, CompressionLevel.NoCompression);
            entry.LastWriteTime = WriteTime;
            using var data = entry.Open();
            NpyFile.Write(data, tensor, fortranOrder: false);
        }
    });

    private static T Open<T>(string path, Func<OrderedDictionary<string, ZipArchiveEntry>, T> read) => DataFile.Read(path, stream =>
    {
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            var entries = new OrderedDictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
            foreach (var entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(Suffix, StringComparison.Ordinal)) continue;
                string name = entry.FullName[..^Suffix.Length];
                if (!entries.TryAdd(name, entry)) throw Damaged(path, $"it holds two arrays `{name}`");
            }
            return read(entries);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(path, e is { InnerException: null, Message: var message } ? Lower(message) : "its directory is damaged");
        }
    });

    private static NativeTensor Read(ZipArchiveEntry entry, string path, TensorAllocator allocator)
    {
        if (entry.IsEncrypted) throw Damaged(path, "it is encrypted");
        // The sizes that the archive claims bound the memory that a damaged one can ask for.
        if (entry.Length > entry.CompressedLength * (Int128)MaxRatio) throw Damaged(path, $"{entry.CompressedLength} bytes cannot hold {entry.Length}");
        using var stream = new ChecksumStream(entry.Open());
        var tensor = NpyFile.Read(stream, () => entry.Length - stream.BytesRead, path, allocator);
        try
        {
            if (stream.ReadByte() >= 0) throw Damaged(path, "it is longer than the archive says");
            if (stream.Checksum != entry.Crc32) throw Damaged(path, "its checksum is another");
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static string Lower(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');

    private static DiagnosticException Damaged(string path, string reason) => new(RuntimeDiagnostics.DamagedNpz, null, path, reason);

    private static DiagnosticException Missing(string path, string name, IReadOnlyCollection<string> names)
    {
        string has = names.Count == 0 ? "nothing" : string.Join(", ", names.Take(20).Select(n => $"`{n}`")) + (names.Count > 20 ? ", …" : "");
        var d = Diagnostic.Create(RuntimeDiagnostics.MissingArray, null, path, name, has);
        return new(Suggestion.For(name, names) is { } near ? d.WithHelp($"did you mean `{near}`?") : d);
    }
}
