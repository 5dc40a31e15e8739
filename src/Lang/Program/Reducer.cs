using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>A user-defined reducer: how two values become one, and the value that changes nothing. Its parameters are tensors without
/// dimensions, which <see cref="Combine"/> reads. Reference identity.</summary>
public sealed class Reducer(string name, TensorSymbol left, TensorSymbol right, Scalar identity, Term combine, SourceSpan span)
{
    public string Name { get; } = name;
    public TensorSymbol Left { get; } = left;
    public TensorSymbol Right { get; } = right;
    public ElementType Type => Left.Type;
    public Scalar Identity { get; } = identity;
    public Term Combine { get; } = combine;
    public SourceSpan Span { get; } = span;
}
