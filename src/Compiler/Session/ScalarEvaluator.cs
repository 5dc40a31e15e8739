using System.Diagnostics;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Arithmetic on single values at the top level: integers are <c>int</c> (64 bits, overflow is an error), floats <c>f64</c>; an integer
/// beside a float becomes one.</summary>
internal static class ScalarEvaluator
{
    public static Scalar Apply(InfixOp op, Scalar a, Scalar b, SourceSpan span)
    {
        if (op is InfixOp.AndAnd) return Scalar.Bool(a.IsTrue && b.IsTrue);
        if (op is InfixOp.OrOr) return Scalar.Bool(a.IsTrue || b.IsTrue);
        (a, b) = Unify(a, b);
        if (a.Type is ElementType.Int && op is InfixOp.Add or InfixOp.Sub or InfixOp.Mul)
        {
            Int128 exact = op switch { InfixOp.Add => (Int128)a.Integer + b.Integer, InfixOp.Sub => (Int128)a.Integer - b.Integer, _ => (Int128)a.Integer * b.Integer };
            if (exact < long.MinValue || exact > long.MaxValue) throw new DiagnosticException(SessionDiagnostics.ScalarOverflow, span);
            return Scalar.Index((long)exact);
        }
        if (!a.Type.IsFloat && op is InfixOp.Div or InfixOp.Mod && b.Integer == 0) throw new DiagnosticException(SessionDiagnostics.ScalarDivision, span);
        if (a.Type is ElementType.Int && op is InfixOp.Div && a.Integer == long.MinValue && b.Integer == -1) throw new DiagnosticException(SessionDiagnostics.ScalarOverflow, span);
        if (op is InfixOp.Shl or InfixOp.Shr && a.Type is ElementType.Int && b.Integer is < 0 or >= 64)
            throw new DiagnosticException(Diagnostic.Create(SemanticDiagnostics.ShiftOutOfRange, span, b.Integer, 64).WithHelp("shift by 0 to 63"));
        return ScalarMath.Apply(OperatorOf(op), a, b);
    }

    public static Scalar Apply(UnaryOp op, Scalar a) => ScalarMath.Apply(op, a);

    /// <summary>The element type that two operands meet in; null where there is none.</summary>
    public static ElementType? Meet(ElementType a, ElementType b) =>
        a == b ? a
        : a is ElementType.Bool || b is ElementType.Bool ? null
        : a.IsFloat && b.IsFloat ? ElementType.F64
        : a.IsFloat ? a
        : b.IsFloat ? b
        : ElementType.Int;

    public static bool IsBitwise(InfixOp op) => op is InfixOp.And or InfixOp.Or or InfixOp.Xor or InfixOp.Shl or InfixOp.Shr;

    private static (Scalar, Scalar) Unify(Scalar a, Scalar b)
    {
        if (a.Type == b.Type || Meet(a.Type, b.Type) is not { } t) return (a, b);
        return (ScalarMath.Cast(CastKind.Convert, t, a), ScalarMath.Cast(CastKind.Convert, t, b));
    }

    private static BinaryOp OperatorOf(InfixOp op) => op switch
    {
        InfixOp.Mul => BinaryOp.Mul, InfixOp.Div => BinaryOp.Div, InfixOp.Mod => BinaryOp.Mod, InfixOp.Add => BinaryOp.Add, InfixOp.Sub => BinaryOp.Sub,
        InfixOp.Shl => BinaryOp.Shl, InfixOp.Shr => BinaryOp.Shr, InfixOp.And => BinaryOp.And, InfixOp.Xor => BinaryOp.Xor, InfixOp.Or => BinaryOp.Or,
        InfixOp.Lt => BinaryOp.Lt, InfixOp.Gt => BinaryOp.Gt, InfixOp.Le => BinaryOp.Le, InfixOp.Ge => BinaryOp.Ge, InfixOp.Eq => BinaryOp.Eq, InfixOp.Ne => BinaryOp.Ne,
        InfixOp.AndAnd or InfixOp.OrOr => throw new UnreachableException(),
    };

    /// <summary>The operator as it is written.</summary>
    public static string Symbol(InfixOp op) => op switch
    {
        InfixOp.AndAnd => "&&",
        InfixOp.OrOr => "||",
        _ => OperatorOf(op).Symbol,
    };
}
