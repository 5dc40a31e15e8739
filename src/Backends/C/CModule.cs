using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Runtime;

namespace Tx.Backends.C;

/// <summary>A kernel as C99.</summary>
/// <param name="Name">Of the operator.</param>
/// <param name="Text">Its functions, without the headers and the functions of <see cref="Support"/> that they need.</param>
/// <param name="Entry">The function that runs the kernel. It takes a pointer for each parameter, <c>int64_t</c> for each symbolic dimension in the order of
/// <see cref="SymbolicSizes.Dims"/>, then <c>arena</c> where <see cref="HasArena"/> and <c>fail</c> where there are messages, and returns 0, or 1 after it has filled <c>fail</c>.</param>
/// <param name="Declaration">The entry's return type, name and parameters, without <c>static</c>.</param>
/// <param name="ArenaBytes">Bytes of the arena before the slots of <see cref="SymbolicSizes.Slots"/>, which lie behind it in their order, each as large as its largest buffer, rounded up
/// to <see cref="WorkspacePlan.Alignment"/>; there is no table of their offsets.</param>
/// <param name="Support">Names of the helper functions in use: see <see cref="CSupport"/>.</param>
/// <param name="Includes">Headers: of those that a freestanding compiler has, and <c>math.h</c> where a function of <c>f64</c> is the C library's.</param>
/// <param name="MaxElements">A tensor with more elements must be refused before the entry is called.</param>
public sealed record CModule(
    string Name, string Text, string Entry, string Declaration, ImmutableArray<KernelParameter> Parameters, long ArenaBytes, ImmutableArray<KernelMessage> Messages,
    SymbolicSizes? Symbolic, ImmutableSortedSet<string> Support, ImmutableSortedSet<string> Includes, long MaxElements)
{
    /// <summary>The entry takes an arena, aligned to <see cref="WorkspacePlan.Alignment"/> bytes.</summary>
    public bool HasArena => ArenaBytes > 0 || Symbolic is { Slots.IsEmpty: false };

    /// <summary>Bytes of arena that a call needs; null where they are more than an address space.</summary>
    /// <param name="dims">The sizes of the symbolic dimensions.</param>
    public long? ArenaFor(ReadOnlySpan<long> dims)
    {
        Int128 total = ArenaBytes;
        if (Symbolic is null) return ArenaBytes;
        var values = Symbolic.Values.Evaluate(dims);
        foreach (var slot in Symbolic.Slots)
        {
            Int128 largest = 0;
            foreach (var b in slot.Buffers)
            {
                Int128 bytes = b.ElementBytes;
                foreach (int step in b.Shape)
                {
                    if (values[step] is not { } n) return null;
                    bytes = Int128.Min(bytes * Math.Max(0, n), Int128.MaxValue >> 64);
                }
                largest = Int128.Max(largest, bytes);
            }
            total += (largest + WorkspacePlan.Alignment - 1) / WorkspacePlan.Alignment * WorkspacePlan.Alignment;
        }
        return total <= BufferSize.MaxBytes ? (long)total : null;
    }
}
