using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Sizes of tensors, for numbers that may be anything up to 2^63.</summary>
public static class ShapeChecker
{
    /// <summary>The largest tensor that an address space of 48 bits has room for.</summary>
    public const long MaxBytes = 1L << 47;

    /// <summary>The number of elements; null where an extent is negative or not known, or there are too many elements for a tensor of bytes.</summary>
    public static long? ElementCount(ImmutableArray<Term> shape, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        // An extent of 0 makes the tensor empty, whatever the others are.
        Int128 count = 1;
        bool isEmpty = false;
        foreach (var term in shape)
        {
            if (Terms.Evaluate(term, dims) is not (>= 0 and var extent)) return null;
            isEmpty |= extent == 0;
            if (count <= MaxBytes) count *= Math.Max(extent, 1);
        }
        return isEmpty ? 0 : count <= MaxBytes ? (long)count : null;
    }

    /// <summary>Bytes of a dense tensor; null as for <see cref="ElementCount"/>, or above <see cref="MaxBytes"/>.</summary>
    public static long? ByteCount(TensorSymbol tensor, IReadOnlyDictionary<DimSymbol, long> dims) =>
        ElementCount(tensor.Shape, dims) is { } count && count <= MaxBytes / tensor.Type.Bytes ? count * tensor.Type.Bytes : null;
}
