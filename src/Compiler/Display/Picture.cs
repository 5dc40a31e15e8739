using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Tx.Display;

/// <summary>An image of a few thousand coloured cells as a PNG inside the page. It is not compressed, so that it is the same everywhere.</summary>
internal static class Picture
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <param name="cells">Row by row, each the number of a colour.</param>
    /// <param name="palette">At most 256 colours of three bytes, red first.</param>
    public static string Uri(int width, int height, ReadOnlySpan<byte> cells, ReadOnlySpan<byte> palette)
    {
        var file = new MemoryStream();
        file.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        // Eight bits a cell, of a palette.
        (header[8], header[9]) = (8, 3);
        Chunk(file, "IHDR", header);
        Chunk(file, "PLTE", palette);
        var rows = new MemoryStream();
        using (var zlib = new ZLibStream(rows, CompressionLevel.NoCompression, leaveOpen: true))
            for (int y = 0; y < height; y++)
            {
                // Each row begins with its filter: none.
                zlib.WriteByte(0);
                zlib.Write(cells.Slice(y * width, width));
            }
        Chunk(file, "IDAT", rows.ToArray());
        Chunk(file, "IEND", []);
        return "data:image/png;base64," + Convert.ToBase64String(file.ToArray());
    }

    private static void Chunk(MemoryStream file, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Checksum(body));
        file.Write(number);
    }

    // CRC-32 with the polynomial of Ethernet.
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
        }
        return ~crc;
    }
}
