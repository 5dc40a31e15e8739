using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>A bound expression: a term with a type, or an expression of literals alone, which takes the type that it meets.</summary>
internal sealed class Value
{
    private readonly Func<ElementType, Term?>? _make;
    private Value(Term? term, Func<ElementType, Term?>? make, bool isFloat, Int128? integer, SourceSpan span) =>
        (Term, _make, IsFloat, Integer, Span) = (term, make, isFloat, integer, span);

    /// <summary>Null for literals.</summary>
    public Term? Term { get; }
    /// <summary>A literal with a float in it, which no integer type takes.</summary>
    public bool IsFloat { get; }
    /// <summary>The value of a single integer literal, with its sign.</summary>
    public Int128? Integer { get; }
    public SourceSpan Span { get; }
    public bool IsLiteral => Term is null;

    public static Value Typed(Term term, SourceSpan span) => new(term, null, false, null, span);
    public static Value Literal(Func<ElementType, Term?> make, bool isFloat, SourceSpan span, Int128? integer = null) => new(null, make, isFloat, integer, span);

    /// <summary>The type that it takes where it meets none: <c>f32</c>, or <paramref name="integers"/>.</summary>
    public ElementType DefaultType(ElementType integers) => Term?.Type ?? (IsFloat ? ElementType.F32 : integers);

    /// <summary>The term in a type; a typed term as it is. Null after an error, such as 300 in <c>u8</c>, which has been reported.</summary>
    public Term? In(ElementType type) => Term ?? _make!(type);
}
