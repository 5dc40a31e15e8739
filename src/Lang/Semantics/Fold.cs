using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>Builds terms and computes those of constants. A division by zero, and <c>int</c> arithmetic that would overflow, stay as they are.</summary>
internal static class Fold
{
    public static Term Binary(BinaryOp op, Term left, Term right, SourceSpan? span)
    {
        if (left is not ConstTerm { Value: var a } || right is not ConstTerm { Value: var b }) return new BinaryTerm(op, left, right, span);
        bool divides = op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod;
        if (divides && !b.Type.IsFloat && b.Integer == 0) return new BinaryTerm(op, left, right, span);
        if (a.Type is ElementType.Int && op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul)
        {
            var exact = op switch
            {
                BinaryOp.Add => (Int128)a.Integer + b.Integer,
                BinaryOp.Sub => (Int128)a.Integer - b.Integer,
                _ => (Int128)a.Integer * b.Integer,
            };
            return exact < long.MinValue || exact > long.MaxValue ? new BinaryTerm(op, left, right, span) : new ConstTerm(Scalar.Index((long)exact), span);
        }
        return new ConstTerm(ScalarMath.Apply(op, a, b), span);
    }

    public static Term Unary(UnaryOp op, Term operand, SourceSpan? span) =>
        operand is ConstTerm { Value: var a } && !(a.Type is ElementType.Int && a.Integer == long.MinValue)
            ? new ConstTerm(ScalarMath.Apply(op, a), span)
            : new UnaryTerm(op, operand, span);

    public static Term Logical(bool isAnd, Term left, Term right, SourceSpan? span) => left switch
    {
        ConstTerm { Value.IsTrue: var known } => known == isAnd ? right : left,
        _ when right is ConstTerm { Value.IsTrue: var known } && known == isAnd => left,
        _ => new LogicalTerm(isAnd, left, right, span),
    };

    public static Term Select(Term condition, Term then, Term @else, SourceSpan? span) =>
        condition is ConstTerm { Value.IsTrue: var known } ? known ? then : @else : new SelectTerm(condition, then, @else, span);

    public static Term Cast(CastKind kind, ElementType type, Term operand, SourceSpan? span) =>
        kind is CastKind.Convert && operand.Type == type ? operand
        : operand is ConstTerm { Value: var a } ? new ConstTerm(ScalarMath.Cast(kind, type, a), span)
        : new CastTerm(kind, type, operand, span);

    public static Term Call(Intrinsic function, ImmutableArray<Term> arguments, SourceSpan? span) => new IntrinsicTerm(function, arguments, span);
}
