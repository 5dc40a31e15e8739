using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Analysis;

/// <summary>Bytes that buffers occupy.</summary>
public static class BufferSize
{
    /// <summary>No buffer, and no kernel's workspace, may be larger: the address space of a process.</summary>
    public const long MaxBytes = 1L << 47;

    /// <summary>Bytes of a buffer, physical shape included; null where an extent is not a constant.</summary>
    /// <exception cref="DiagnosticException">More than <see cref="MaxBytes"/> (TX3001).</exception>
    public static long? TryBytes(this Buffer buffer)
    {
        Int128 bytes = buffer.Type.Bytes;
        bool empty = false;
        foreach (var extent in buffer.Layout?.PhysicalShape ?? buffer.Shape)
        {
            if (extent is not IntImm n) return null;
            empty |= n.Value <= 0;
            bytes = Int128.Min(bytes * Math.Max(n.Value, 1), MaxBytes + (Int128)1);
        }
        if (empty) return 0;
        return bytes <= MaxBytes ? (long)bytes
            : throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, buffer.Name, MaxBytes);
    }

    /// <summary>Bytes of a buffer of a specialised function.</summary>
    /// <exception cref="DiagnosticException">More than <see cref="MaxBytes"/> (TX3001).</exception>
    public static long Bytes(this Buffer buffer) =>
        buffer.TryBytes() ?? throw new CompilerBugException("buffer size", $"`{buffer.Name}` has an extent that is not a constant");
}
