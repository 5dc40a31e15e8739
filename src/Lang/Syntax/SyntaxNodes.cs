using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>A node of the syntax tree: what was written, before names and types are known. Records; every node knows its place.</summary>
public abstract record SyntaxNode(SourceSpan Span);

/// <summary>One parsed text. <paramref name="Items"/> holds declarations and statements in the order of the text.</summary>
public sealed record FileSyntax(SourceSpan Span, ValueArray<ItemSyntax> Items) : SyntaxNode(Span);

/// <summary>A declaration or a statement. <see cref="Doc"/> is the text of the <c>///</c> lines above it.</summary>
public abstract record ItemSyntax(SourceSpan Span) : SyntaxNode(Span)
{
    public string? Doc { get; init; }
}

/// <summary>A declared or bound name with its own span.</summary>
public sealed record NameSyntax(SourceSpan Span, string Text) : SyntaxNode(Span);

// ---- declarations -------------------------------------------------------------------------------------------------

public sealed record ImportSyntax(SourceSpan Span, string Path) : ItemSyntax(Span);
public sealed record TestSyntax(SourceSpan Span, string Title, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

/// <summary><c>op name&lt;T: number&gt;(params) -> results clauses { body }</c>.</summary>
public sealed record OpSyntax(
    SourceSpan Span, NameSyntax Name, ValueArray<GenericSyntax> Generics, ValueArray<ParameterSyntax> Parameters,
    ValueArray<ParameterSyntax> Results, ValueArray<ClauseSyntax> Clauses, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record ReducerSyntax(
    SourceSpan Span, NameSyntax Name, ValueArray<ParameterSyntax> Parameters, TypeSyntax Result, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record StrategySyntax(
    SourceSpan Span, NameSyntax Name, ValueArray<ParameterSyntax> Parameters, ValueArray<ParameterSyntax> Results,
    ValueArray<ClauseSyntax> Clauses, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record ScheduleSyntax(SourceSpan Span, NameSyntax Name, ValueArray<ClauseSyntax> Clauses, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record IntrinSyntax(
    SourceSpan Span, NameSyntax Name, ValueArray<ParameterSyntax> Parameters, ValueArray<ClauseSyntax> Clauses, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record TargetSyntax(SourceSpan Span, NameSyntax Name, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);

public sealed record GenericSyntax(SourceSpan Span, NameSyntax Name, NameSyntax Constraint) : SyntaxNode(Span);
public sealed record ParameterSyntax(SourceSpan Span, bool IsConst, NameSyntax Name, TypeSyntax Type, ExpressionSyntax? Default) : SyntaxNode(Span);

/// <summary>A type: a name and any number of bracketed lists, <c>f32[M, K]</c>, <c>i8[2048][16]</c>.</summary>
public sealed record TypeSyntax(SourceSpan Span, NameSyntax Name, ValueArray<ValueArray<ExpressionSyntax>> Brackets) : SyntaxNode(Span);

public abstract record ClauseSyntax(SourceSpan Span) : SyntaxNode(Span);
public sealed record ForClauseSyntax(SourceSpan Span, NameSyntax Operator) : ClauseSyntax(Span);
/// <summary><c>on cpu("avx2", …)</c>.</summary>
public sealed record OnClauseSyntax(SourceSpan Span, NameSyntax Target, ValueArray<string> Features) : ClauseSyntax(Span);
public sealed record ExtendsClauseSyntax(SourceSpan Span, NameSyntax Schedule) : ClauseSyntax(Span);
public sealed record WhenClauseSyntax(SourceSpan Span, ExpressionSyntax Condition) : ClauseSyntax(Span);
public sealed record RequireClauseSyntax(SourceSpan Span, ValueArray<ExpressionSyntax> Conditions) : ClauseSyntax(Span);

// ---- lines that begin with a word ------------------------------------------------------------------------------------

public sealed record LetSyntax(SourceSpan Span, ExpressionSyntax Target, TypeSyntax? Type, ExpressionSyntax Value) : ItemSyntax(Span);
public sealed record ConstSyntax(SourceSpan Span, NameSyntax Name, TypeSyntax? Type, ExpressionSyntax Value) : ItemSyntax(Span);
public sealed record AssertSyntax(SourceSpan Span, ExpressionSyntax Condition) : ItemSyntax(Span);
public sealed record BenchSyntax(SourceSpan Span, ExpressionSyntax Value) : ItemSyntax(Span);
public sealed record RequireSyntax(SourceSpan Span, ValueArray<ExpressionSyntax> Conditions) : ItemSyntax(Span);
public sealed record KnobSyntax(SourceSpan Span, NameSyntax Name, ExpressionSyntax Domain, ExpressionSyntax? Default) : ItemSyntax(Span);
public sealed record IfSyntax(SourceSpan Span, ExpressionSyntax Condition, ValueArray<ItemSyntax> Then, ValueArray<ItemSyntax> Else) : ItemSyntax(Span);
public sealed record ForSyntax(SourceSpan Span, ValueArray<BinderSyntax> Binders, ValueArray<ItemSyntax> Body) : ItemSyntax(Span);
public sealed record MemorySyntax(SourceSpan Span, NameSyntax Name, TypeSyntax Type) : ItemSyntax(Span);
public sealed record UnitSyntax(SourceSpan Span, NameSyntax Name, ValueArray<UnitLineSyntax> Lines) : ItemSyntax(Span);
public sealed record QueueSyntax(SourceSpan Span, ValueArray<NameSyntax> Units) : ItemSyntax(Span);
public sealed record CyclesSyntax(SourceSpan Span, ExpressionSyntax Value) : ItemSyntax(Span);
public sealed record EmitSyntax(
    SourceSpan Span, NameSyntax Language, string Text, ValueArray<ArgumentSyntax> Arguments, NameSyntax? Result, TypeSyntax? Type) : ItemSyntax(Span);

/// <summary>A line <c>dma from -> to, to</c> (<paramref name="From"/> set) or <c>run name, name</c>.</summary>
public sealed record UnitLineSyntax(SourceSpan Span, NameSyntax? From, ValueArray<NameSyntax> Names) : SyntaxNode(Span);

/// <summary><c>name in lo..hi</c>; a reduction's binder may have no range.</summary>
public sealed record BinderSyntax(SourceSpan Span, NameSyntax Name, RangeSyntax? Range) : SyntaxNode(Span);

public enum AssignKind { None, Assign, Add, Mul, And, Or, Xor }

/// <summary>Everything else: <c>expr [: type] [= expr]</c> — an equation, an update, a declaration, a binding, a call, an expression.</summary>
public sealed record SimpleSyntax(SourceSpan Span, ExpressionSyntax Target, TypeSyntax? Type, AssignKind Assign, ExpressionSyntax? Value) : ItemSyntax(Span);

// ---- expressions ------------------------------------------------------------------------------------------------------

public abstract record ExpressionSyntax(SourceSpan Span) : SyntaxNode(Span);

public sealed record NameExpressionSyntax(SourceSpan Span, string Name) : ExpressionSyntax(Span);
/// <summary>An integer as written; up to 2⁶⁴−1, larger ones are a diagnostic.</summary>
public sealed record IntegerSyntax(SourceSpan Span, ulong Value) : ExpressionSyntax(Span);
public sealed record FloatSyntax(SourceSpan Span, double Value) : ExpressionSyntax(Span);
public sealed record StringSyntax(SourceSpan Span, string Value) : ExpressionSyntax(Span);
public sealed record BoolSyntax(SourceSpan Span, bool Value) : ExpressionSyntax(Span);
public sealed record UnarySyntax(SourceSpan Span, UnaryOp Op, ExpressionSyntax Operand) : ExpressionSyntax(Span);

/// <summary>What was written between two operands; precedence is already in the tree.</summary>
public enum InfixOp { Mul, Div, Mod, Add, Sub, Shl, Shr, And, Xor, Or, Lt, Gt, Le, Ge, Eq, Ne, AndAnd, OrOr }
public sealed record BinarySyntax(SourceSpan Span, InfixOp Op, ExpressionSyntax Left, ExpressionSyntax Right) : ExpressionSyntax(Span);
public sealed record ConditionalSyntax(SourceSpan Span, ExpressionSyntax Condition, ExpressionSyntax Then, ExpressionSyntax Else) : ExpressionSyntax(Span);
/// <summary><c>X[e] ?? default</c>; the builder has checked that the left side is a subscript.</summary>
public sealed record DefaultSyntax(SourceSpan Span, SubscriptSyntax Read, ExpressionSyntax Default) : ExpressionSyntax(Span);
public sealed record MemberSyntax(SourceSpan Span, ExpressionSyntax Target, NameSyntax Name) : ExpressionSyntax(Span);
/// <summary><c>X[subs]</c>; a sub is an expression, a <see cref="RangeSyntax"/> (slice) or a <see cref="PackSyntax"/>.</summary>
public sealed record SubscriptSyntax(SourceSpan Span, ExpressionSyntax Target, ValueArray<ExpressionSyntax> Subscripts) : ExpressionSyntax(Span);
public sealed record CallSyntax(SourceSpan Span, ExpressionSyntax Target, ValueArray<ArgumentSyntax> Arguments) : ExpressionSyntax(Span);
public sealed record ArgumentSyntax(SourceSpan Span, NameSyntax? Name, ExpressionSyntax Value) : SyntaxNode(Span);
/// <summary><c>[exact] sum(k in 0..n, j if c: body)</c>.</summary>
public sealed record ReductionSyntax(
    SourceSpan Span, NameSyntax Reducer, bool IsExact, ValueArray<BinderSyntax> Binders, ExpressionSyntax? Condition, ExpressionSyntax Body) : ExpressionSyntax(Span);
/// <summary><c>(a, b)</c>, and <c>(a,)</c>; a parenthesised single expression is the expression itself.</summary>
public sealed record TupleSyntax(SourceSpan Span, ValueArray<ExpressionSyntax> Items) : ExpressionSyntax(Span);
public sealed record ListSyntax(SourceSpan Span, ValueArray<ExpressionSyntax> Items) : ExpressionSyntax(Span);
/// <summary><c>(i, k) -> [i / 8, k]</c>, only as an argument.</summary>
public sealed record ArrowSyntax(SourceSpan Span, ExpressionSyntax Parameters, ExpressionSyntax Body) : ExpressionSyntax(Span);
/// <summary><c>lo..hi</c>, half open; <c>lo..</c> in a slice.</summary>
public sealed record RangeSyntax(SourceSpan Span, ExpressionSyntax Start, ExpressionSyntax? End) : ExpressionSyntax(Span);
/// <summary><c>..S</c>, or <c>..</c> alone in a slice.</summary>
public sealed record PackSyntax(SourceSpan Span, NameSyntax? Name) : ExpressionSyntax(Span);
/// <summary>Stands where an expression could not be read; an error has been reported.</summary>
public sealed record ErrorExpressionSyntax(SourceSpan Span) : ExpressionSyntax(Span);
