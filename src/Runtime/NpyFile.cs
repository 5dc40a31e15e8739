using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>NumPy's <c>.npy</c> files: versions 1.0 to 3.0, little- and big-endian, C and Fortran order, all element types of tensors: <c>bf16</c> as <c>V2</c>, packed
/// integers as the bytes of <see cref="PackedTensor.Unpack"/>.</summary>
public static class NpyFile
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads a file into a row-major tensor.</summary>
    /// <exception cref="DiagnosticException">The file is missing, unreadable, malformed, of another length than it announces, or too large.</exception>
    public static NativeTensor Read(string path, TensorAllocator allocator) =>
        DataFile.Read(path, stream => Read(stream, () => stream.CanSeek ? stream.Length - stream.Position : null, path, allocator));

    /// <summary>Writes a file; it appears as a whole or not at all.</summary>
    /// <param name="fortranOrder">Stores the first dimension contiguously.</param>
    /// <exception cref="DiagnosticException">The folder is missing, not writable or full.</exception>
    public static void Write(string path, NativeTensor tensor, bool fortranOrder = false) =>
        DataFile.Write(path, stream => Write(stream, tensor, fortranOrder));

    internal static void Write(Stream stream, NativeTensor tensor, bool fortranOrder)
    {
        if (tensor.Type.IsPacked)
        {
            using var unpacked = PackedTensor.Unpack(tensor);
            Write(stream, unpacked, fortranOrder);
            return;
        }
        stream.Write(new NpyHeader(tensor.Type, IsBigEndian: false, fortranOrder, tensor.Shape).ToBytes());
        using var transposed = fortranOrder ? Reverse(tensor, tensor.Shape.AsSpan()) : null;
        WriteData(stream, transposed ?? tensor);
    }

    /// <param name="left">The bytes behind the header, once that is read; null where they cannot be counted.</param>
    internal static NativeTensor Read(Stream stream, Func<long?> left, string path, TensorAllocator allocator)
    {
        var header = NpyHeader.Read(stream, path);
        long count = TensorType.CountElements(header.Type, header.Shape.AsSpan());
        long expected = count * header.Type.Bytes;
        // The length is compared before memory is taken, so that a damaged header does not ask for terabytes.
        long present = left() ?? expected;
        if (present < expected) throw new DiagnosticException(RuntimeDiagnostics.TruncatedNpy, null, path, expected, present);
        if (present > expected) throw new DiagnosticException(RuntimeDiagnostics.TrailingNpy, null, path, expected, present);

        var stored = header.IsFortranOrder ? header.Shape.Reverse().ToArray() : [.. header.Shape];
        var tensor = allocator.Allocate(header.Type, stored);
        try
        {
            ReadData(stream, path, tensor, header.IsBigEndian == BitConverter.IsLittleEndian);
            if (!header.IsFortranOrder) return tensor;
            var rowMajor = Reverse(tensor, stored);
            tensor.Dispose();
            return rowMajor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static unsafe void ReadData(Stream stream, string path, NativeTensor tensor, bool swapBytes)
    {
        for (long done = 0; done < tensor.Bytes;)
        {
            var chunk = new Span<byte>((byte*)tensor.Data + done, (int)Math.Min(ChunkBytes, tensor.Bytes - done));
            int read = stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false);
            if (read < chunk.Length) throw new DiagnosticException(RuntimeDiagnostics.TruncatedNpy, null, path, tensor.Bytes, done + read);
            if (swapBytes) SwapBytes(chunk, tensor.Type.Bytes);
            if (tensor.Type is ElementType.Bool) Normalise(chunk);
            done += chunk.Length;
        }
        GC.KeepAlive(tensor);
    }

    private static unsafe void WriteData(Stream stream, NativeTensor tensor)
    {
        byte[]? swapped = BitConverter.IsLittleEndian ? null : new byte[ChunkBytes];
        for (long done = 0; done < tensor.Bytes; done += ChunkBytes)
        {
            var chunk = new ReadOnlySpan<byte>((byte*)tensor.Data + done, (int)Math.Min(ChunkBytes, tensor.Bytes - done));
            if (swapped is not null)
            {
                chunk.CopyTo(swapped);
                SwapBytes(swapped.AsSpan(0, chunk.Length), tensor.Type.Bytes);
                chunk = swapped.AsSpan(0, chunk.Length);
            }
            stream.Write(chunk);
        }
        GC.KeepAlive(tensor);
    }

    /// <summary>The tensor with its dimensions in reverse order, whose extents are given as they are before.</summary>
    private static unsafe NativeTensor Reverse(NativeTensor tensor, ReadOnlySpan<long> shape)
    {
        long[] reversed = shape.ToArray();
        Array.Reverse(reversed);
        var result = tensor.Allocator.Allocate(tensor.Type, reversed);
        int rank = shape.Length, bytes = tensor.Type.Bytes;
        if (result.Count == 0) return result;

        // Walks the result in order; its index d steps the source by that source dimension's stride.
        var strides = TensorType.RowMajorStrides(shape);
        long[] index = new long[rank];
        long source = 0;
        byte* from = (byte*)tensor.Data, to = (byte*)result.Data;
        for (long i = 0; i < result.Count; i++)
        {
            Buffer.MemoryCopy(from + source * bytes, to + i * bytes, bytes, bytes);
            for (int d = rank - 1; d >= 0; d--)
            {
                source += strides[rank - 1 - d];
                if (++index[d] < reversed[d]) break;
                source -= strides[rank - 1 - d] * reversed[d];
                index[d] = 0;
            }
        }
        GC.KeepAlive(tensor);
        return result;
    }

    private static void SwapBytes(Span<byte> data, int elementBytes)
    {
        switch (elementBytes)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, short>(data);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, int>(data);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, long>(data);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }

    // Kernels rely on a bool being 0 or 1.
    private static void Normalise(Span<byte> bools)
    {
        foreach (ref byte b in bools) b = b != 0 ? (byte)1 : (byte)0;
    }
}
