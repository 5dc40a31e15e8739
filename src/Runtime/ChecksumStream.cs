namespace Tx.Runtime;

/// <summary>Reads another stream and takes the CRC-32 of what it has read, as ZIP archives hold it.</summary>
internal sealed class ChecksumStream(Stream source) : Stream
{
    private static readonly uint[] Table = MakeTable();
    private uint _register = uint.MaxValue;

    /// <summary>CRC-32 (ISO-HDLC) of the bytes read so far.</summary>
    public uint Checksum => ~_register;
    public long BytesRead { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        foreach (byte b in buffer[..count]) _register = Table[(_register ^ b) & 0xFF] ^ (_register >> 8);
        BytesRead += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => BytesRead; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) source.Dispose();
        base.Dispose(disposing);
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint n = 0; n < table.Length; n++)
        {
            uint c = n;
            for (int bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            table[n] = c;
        }
        return table;
    }
}
