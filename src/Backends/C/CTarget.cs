using Tx.Core;

namespace Tx.Backends.C;

/// <summary>What C is printed for.</summary>
/// <param name="Cpu">What schedules and passes have seen.</param>
/// <param name="IndexBits">64, or 32 for a machine whose registers are that wide: loop variables and offsets of elements are then <c>int32_t</c>, which holds for tensors of up
/// to <see cref="MaxElements"/> elements.</param>
/// <param name="StackBytes">An array of a kernel's own up to this size stands on the stack; larger ones lie in the arena.</param>
/// <param name="FrameBytes">All of those together.</param>
/// <param name="Alignment">Offsets of buffers in the arena are multiples of it.</param>
public sealed record CTarget(CpuTarget Cpu, int IndexBits, long StackBytes, long FrameBytes, int Alignment)
{
    /// <summary>The usual choice for a processor: those of 32 bits have little stack.</summary>
    public static CTarget For(CpuTarget cpu) => cpu.PointerBytes == 4 ? new(cpu, 32, 512, 2048, 8) : new(cpu, 64, 4096, 64 << 10, 64);

    /// <summary>Above it, indices of 32 bits could overflow: those of a tile's padding go beyond a tensor's end.</summary>
    public long MaxElements => IndexBits == 32 ? 1L << 24 : 1L << 47;

    /// <summary>The type of loop variables and of offsets of elements.</summary>
    internal string IndexType => IndexBits == 32 ? "int32_t" : "int64_t";
}
