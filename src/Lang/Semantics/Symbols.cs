using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>What a name stands for inside one operator.</summary>
internal abstract class Symbol
{
    /// <summary>A few words for messages: "a dimension".</summary>
    public abstract string Description { get; }
}

/// <summary>A <c>const</c> parameter with its value, or a <c>const</c> of the file. Null after an error.</summary>
internal sealed class ConstSymbol(Value? value) : Symbol
{
    public Value? Value { get; } = value;
    public override string Description => "a constant";
}

internal sealed class DimensionSymbol(DimSymbol dim) : Symbol
{
    public DimSymbol Dim { get; } = dim;
    public override string Description => "a dimension";
}

/// <summary>The dimensions <c>..S</c>.</summary>
internal sealed class DimPackSymbol(ImmutableArray<DimSymbol> dims) : Symbol
{
    public ImmutableArray<DimSymbol> Dims { get; } = dims;
    public override string Description => "a pack of dimensions";
}

internal sealed class LoopSymbol(IndexSymbol index) : Symbol
{
    public IndexSymbol Index { get; } = index;
    public override string Description => "an index";
}

/// <summary>The indices <c>..i</c>.</summary>
internal sealed class LoopPackSymbol(ImmutableArray<IndexSymbol> indices) : Symbol
{
    public ImmutableArray<IndexSymbol> Indices { get; } = indices;
    public override string Description => "a pack of indices";
}

/// <summary>A tensor by its name. Its type and shape are known from its declaration, or once its equation is bound.</summary>
internal sealed class TensorName(string name, TensorRole role, SourceSpan? span) : Symbol
{
    public string Name { get; } = name;
    public TensorRole Role { get; } = role;
    public SourceSpan? Span { get; } = span;
    /// <summary>Null until the tensor is bound; for ever after an error about it.</summary>
    public TensorSymbol? Tensor { get; set; }
    public bool IsDeclared { get; set; }
    public bool IsRead { get; set; }
    /// <summary>The lines that define or update it, in the order of the text.</summary>
    public List<Definition> Definitions { get; } = [];
    public override string Description => Role switch
    {
        TensorRole.Parameter => "a parameter",
        TensorRole.Result => "a result",
        _ => "a tensor",
    };
}
