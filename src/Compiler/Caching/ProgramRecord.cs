using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Caching;

/// <summary>What a program without complaints was read from: while none of it changes it need not be parsed to find what was made of it before.</summary>
/// <param name="Files">By the path under which each was read.</param>
/// <param name="Absent">Paths where a file would be read in the place of one of these.</param>
/// <param name="Operators">The names of its operators.</param>
internal sealed record ProgramRecord(ImmutableSortedDictionary<string, SourceText> Files, ImmutableArray<string> Absent, ImmutableArray<string> Operators)
{
    /// <summary>A hash over the names and texts of all files.</summary>
    public string Digest { get; } = DigestOf(Files);

    public byte[] Write()
    {
        var bytes = new MemoryStream();
        using var w = new BinaryWriter(bytes, Encoding.UTF8);
        w.Write(Files.Count);
        foreach (var (path, text) in Files)
        {
            w.Write(path);
            w.Write(HashOf(text.Text));
        }
        foreach (var names in new[] { Absent, Operators })
        {
            w.Write(names.Length);
            foreach (string name in names) w.Write(name);
        }
        w.Flush();
        return bytes.ToArray();
    }

    /// <summary>The record with the texts of its files; null where one of them is not what it was.</summary>
    /// <param name="main">The text that the program begins with.</param>
    /// <exception cref="IOException">The bytes end early.</exception>
    public static ProgramRecord? Read(byte[] bytes, SourceText main)
    {
        using var r = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var files = ImmutableSortedDictionary.CreateBuilder<string, SourceText>(StringComparer.Ordinal);
        for (int n = r.ReadInt32(); n > 0; n--)
        {
            var (path, hash) = (r.ReadString(), r.ReadBytes(SHA256.HashSizeInBytes));
            var text = path == main.Path ? main : SourceReader.Read(path, out _);
            if (text is null || !HashOf(text.Text).AsSpan().SequenceEqual(hash)) return null;
            files[path] = text;
        }
        var (absent, operators) = (Names(), Names());
        return absent.Any(File.Exists) ? null : new(files.ToImmutable(), absent, operators);

        ImmutableArray<string> Names() => [.. Enumerable.Range(0, r.ReadInt32()).Select(_ => r.ReadString())];
    }

    private static byte[] HashOf(string text) => SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan()));

    private static string DigestOf(IEnumerable<KeyValuePair<string, SourceText>> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, text) in files)
        {
            hash.AppendData(MemoryMarshal.AsBytes(path.AsSpan()));
            hash.AppendData([0, 0]);
            hash.AppendData(HashOf(text.Text));
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
