using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Where a buffer lives. <see cref="Global"/>: an argument or workspace of the kernel; <see cref="Register"/>: values of the target's
/// registers (constant indices after unrolling); <see cref="Local"/>: private to one agent, on the stack or in its own scratch; <see cref="Shared"/>:
/// one for a block of a device; <see cref="Named"/>: a memory declared by a target.</summary>
public enum MemoryScope : byte { Global, Local, Register, Shared, Named }

public enum BufferRole : byte { Input, Output, Temporary }

/// <summary>Storage with a logical shape. Reference identity. Loads and stores use logical indices until <c>FlattenStorage</c>,
/// afterwards one index in elements.</summary>
/// <param name="Name">From the source: a tensor's, or <c>C.acc</c>, <c>A.pack</c>.</param>
/// <param name="Shape">Logical extents, of index type.</param>
/// <param name="Layout">Null: row-major. Otherwise the physical extents and, for each, its index over <see cref="BufferLayout.Axes"/>.</param>
/// <param name="Memory">The target's memory for <see cref="MemoryScope.Named"/>.</param>
public sealed class Buffer(
    string name, ElementType type, ImmutableArray<Expr> shape, BufferRole role, MemoryScope scope = MemoryScope.Global,
    BufferLayout? layout = null, int device = 0, string? memory = null)
{
    public string Name { get; } = name;
    public ElementType Type { get; } = type;
    public ImmutableArray<Expr> Shape { get; } = shape;
    public BufferRole Role { get; } = role;
    public MemoryScope Scope { get; } = scope;
    public BufferLayout? Layout { get; } = layout;
    /// <summary>0 is the host.</summary>
    public int Device { get; } = device;
    public string? Memory { get; } = memory;
    /// <summary>What the bytes of a parameter hold, where its elements are packed.</summary>
    public PackedElements? Packed { get; init; }
    /// <summary>The element type of a parameter as its caller sees it.</summary>
    public ElementType TensorType => Packed?.Element ?? Type;
    /// <summary>The extents of a parameter as its caller sees them.</summary>
    public ImmutableArray<Expr> TensorShape => Packed?.Shape ?? Shape;
    private readonly int _hash = HashMix.Of(HashMix.Of(name), (int)type, (int)scope);
    public override int GetHashCode() => _hash;
    public override string ToString() => Name;
}

/// <summary>A tensor of packed elements: the buffer has the same extents but for the last one, which counts bytes.</summary>
public sealed record PackedElements(ElementType Element, ImmutableArray<Expr> Shape);

/// <summary>A map from logical to physical indices, one-to-one: <c>(i, k) -> [i / 8, k, i % 8]</c>.</summary>
public sealed record BufferLayout(ImmutableArray<Var> Axes, ImmutableArray<Expr> PhysicalShape, ImmutableArray<Expr> PhysicalIndices);
