using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Tx.Build;

/// <summary>A static library: an archive in the form of System V, with an index of symbols. The same members give the same bytes: no times, no owners.</summary>
internal static class ArArchive
{
    /// <param name="members">Names, symbols that are defined outside their object, and objects.</param>
    public static byte[] Of(ImmutableArray<(string Name, ImmutableArray<string> Symbols, ImmutableArray<byte> Object)> members)
    {
        // Long names lie in a table; a member's header gives the place.
        var names = new StringBuilder();
        var places = members.Select(m =>
        {
            int at = names.Length;
            names.Append(m.Name).Append("/\n");
            return at;
        }).ToArray();
        int indexBytes = 4 + members.Sum(m => m.Symbols.Sum(s => 4 + Encoding.UTF8.GetByteCount(s) + 1));
        byte[] magic = "!<arch>\n"u8.ToArray();
        int offset = magic.Length + 60 + Even(indexBytes) + 60 + Even(names.Length);
        using var index = new MemoryStream();
        Write(index, members.Sum(m => m.Symbols.Length));
        using var strings = new MemoryStream();
        foreach (var m in members)
        {
            foreach (string s in m.Symbols)
            {
                Write(index, offset);
                strings.Write(Encoding.UTF8.GetBytes(s));
                strings.WriteByte(0);
            }
            offset += 60 + Even(m.Object.Length);
        }
        index.Write(strings.ToArray());

        using var archive = new MemoryStream();
        archive.Write(magic);
        Append(archive, "/", index.ToArray());
        Append(archive, "//", Encoding.ASCII.GetBytes(names.ToString()));
        for (int i = 0; i < members.Length; i++) Append(archive, string.Create(CultureInfo.InvariantCulture, $"/{places[i]}"), members[i].Object.AsSpan());
        return archive.ToArray();
    }

    private static int Even(int n) => n + (n & 1);

    private static void Write(Stream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        stream.Write(bytes);
    }

    private static void Append(Stream archive, string name, ReadOnlySpan<byte> content)
    {
        // Name, time, owner, group, mode, bytes, end.
        archive.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name,-16}{0,-12}{0,-6}{0,-6}{(name.StartsWith("//", StringComparison.Ordinal) || name == "/" ? "0" : "100644"),-8}{content.Length,-10}`\n")));
        archive.Write(content);
        if (content.Length % 2 != 0) archive.WriteByte((byte)'\n');
    }
}
