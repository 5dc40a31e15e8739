using Tx.Core;

namespace Tx.Runtime;

/// <summary>What is known of an argument's shape. <see cref="Flat"/>: elements in a row, as many as the kernel's parameter has.</summary>
internal enum ArgumentForm : byte { Missing, Flat, Shaped }

/// <summary>An argument whose memory stays where it is while the kernel runs. Counts and strides are in elements.</summary>
internal unsafe struct ArgumentView
{
    /// <summary>Room for the extents, or for the strides, of one argument.</summary>
    public const int MaxRank = 16;

    public void* Data;
    /// <summary>Null for a <see cref="ArgumentForm.Flat"/> one, and where the rank is above <see cref="MaxRank"/>.</summary>
    public long* Shape;
    /// <summary>Null: contiguous.</summary>
    public long* Strides;
    /// <summary>Elements of a <see cref="ArgumentForm.Flat"/> one; −1 for a bare pointer.</summary>
    public long Count;
    public int Rank;
    public ElementType Type;
    public ArgumentForm Form;
    public bool IsReadOnly;

    /// <summary>Bytes from the first to behind the last element; set when the shape has been checked.</summary>
    public long Bytes;
    /// <summary>Elements do not lie as in a row-major tensor; set when the shape has been checked.</summary>
    public bool IsStrided;

    /// <summary>As a message shows it: <c>f32[2, 3]</c>, <c>6 elements of f32</c>.</summary>
    public readonly string Describe() => Form switch
    {
        ArgumentForm.Missing => "null",
        ArgumentForm.Flat => Count < 0 ? $"a pointer to {Type.Name}" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Count} elements of {Type.Name}"),
        ArgumentForm.Shaped when Shape is null && Rank > 0 => $"a tensor of {Type.Name} with {Rank} dimensions",
        ArgumentForm.Shaped => TensorType.Format(Type, new ReadOnlySpan<long>(Shape, Rank)),
    };
}
