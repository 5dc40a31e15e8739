using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>A typed expression of a compute program. Sealed classes with reference identity. Names are resolved, literals and casts
/// have types, <c>const</c> parameters are already replaced by their values, scalar operator calls are inlined.</summary>
public abstract class Term
{
    private protected Term(ElementType type, SourceSpan? span) => (Type, Span) = (type, span);
    /// <summary>The element type; <see cref="ElementType.Int"/> for indices and dimensions, <see cref="ElementType.Bool"/> for conditions.</summary>
    public ElementType Type { get; }
    public SourceSpan? Span { get; }
}

/// <summary>A literal or a folded constant.</summary>
public sealed class ConstTerm(Scalar value, SourceSpan? span = null) : Term(value.Type, span)
{
    public Scalar Value { get; } = value;
    public static ConstTerm Int(long value) => new(Scalar.Index(value));
}

/// <summary>The size of a dimension, ≥ 0, known when a kernel is specialised.</summary>
public sealed class DimTerm(DimSymbol dim, SourceSpan? span = null) : Term(ElementType.Int, span)
{
    public DimSymbol Dim { get; } = dim;
}

/// <summary>The value of an index variable.</summary>
public sealed class IndexTerm(IndexSymbol index, SourceSpan? span = null) : Term(ElementType.Int, span)
{
    public IndexSymbol Index { get; } = index;
}

/// <summary>One element of a tensor; with <paramref name="default"/> (<c>??</c>) reads outside give that value.</summary>
public sealed class ReadTerm(TensorSymbol tensor, ImmutableArray<Term> indices, Term? @default = null, SourceSpan? span = null) : Term(tensor.Type, span)
{
    public TensorSymbol Tensor { get; } = tensor;
    public ImmutableArray<Term> Indices { get; } = indices;
    public Term? Default { get; } = @default;
}

public sealed class UnaryTerm(UnaryOp op, Term operand, SourceSpan? span = null) : Term(operand.Type, span)
{
    public UnaryOp Op { get; } = op;
    public Term Operand { get; } = operand;
}

/// <summary>Both operands have one type. <c>&amp;&amp;</c> and <c>||</c> are <see cref="LogicalTerm"/>.</summary>
public sealed class BinaryTerm(BinaryOp op, Term left, Term right, SourceSpan? span = null)
    : Term(op.IsComparison ? ElementType.Bool : left.Type, span)
{
    public BinaryOp Op { get; } = op;
    public Term Left { get; } = left;
    public Term Right { get; } = right;
}

/// <summary><c>&amp;&amp;</c> (<paramref name="isAnd"/>) or <c>||</c>: the right side is evaluated only where it is needed.</summary>
public sealed class LogicalTerm(bool isAnd, Term left, Term right, SourceSpan? span = null) : Term(ElementType.Bool, span)
{
    public bool IsAnd { get; } = isAnd;
    public Term Left { get; } = left;
    public Term Right { get; } = right;
}

/// <summary><c>c ? a : b</c>: only the side taken is evaluated.</summary>
public sealed class SelectTerm(Term condition, Term then, Term @else, SourceSpan? span = null) : Term(then.Type, span)
{
    public Term Condition { get; } = condition;
    public Term Then { get; } = then;
    public Term Else { get; } = @else;
}

public sealed class CastTerm(CastKind kind, ElementType type, Term operand, SourceSpan? span = null) : Term(type, span)
{
    public CastKind Kind { get; } = kind;
    public Term Operand { get; } = operand;
}

public sealed class IntrinsicTerm(Intrinsic function, ImmutableArray<Term> arguments, SourceSpan? span = null)
    : Term(function is Intrinsic.IsNan ? ElementType.Bool : arguments[0].Type, span)
{
    public Intrinsic Function { get; } = function;
    public ImmutableArray<Term> Arguments { get; } = arguments;
}

/// <summary>A reduction over <see cref="Indices"/> (ranges may use earlier ones and outer indices). It has one result, except
/// <c>argmax argmin</c> over n indices (n results of type <c>int</c>) and <c>max_at min_at</c> (the value, then n indices).
/// A term with several results may only be the whole value of an equation with as many targets; <see cref="Term.Type"/> is the first's.</summary>
public sealed class ReduceTerm(
    ReduceKind kind, ImmutableArray<IndexSymbol> indices, Term? condition, Term body, bool isExact, ElementType type, SourceSpan? span = null, Reducer? reducer = null) : Term(type, span)
{
    public ReduceKind Kind { get; } = kind;
    public ImmutableArray<IndexSymbol> Indices { get; } = indices;
    public Term? Condition { get; } = condition;
    public Term Body { get; } = body;
    /// <summary>A left fold in the order of the indices, without contraction. Otherwise floats may be reassociated.</summary>
    public bool IsExact { get; } = isExact;
    /// <summary>The declared reducer of kind <see cref="ReduceKind.User"/>; null for all other kinds.</summary>
    public Reducer? Reducer { get; } = reducer;
    public string Name => Reducer?.Name ?? Kind.Name;
    public int ResultCount => Kind is ReduceKind.ArgMax or ReduceKind.ArgMin ? Indices.Length : Kind is ReduceKind.MaxAt or ReduceKind.MinAt ? Indices.Length + 1 : 1;
}
