using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Unary and infix operators: both sides have one type, and nothing is converted in silence.</summary>
internal sealed partial class ExpressionBinder
{
    private Value? BindUnary(UnarySyntax u)
    {
        if (Bind(u.Operand) is not { } operand) return null;
        if (u.Op is UnaryOp.Not)
            return Require(operand, ElementType.Bool) is { } c ? Value.Typed(Fold.Unary(UnaryOp.Not, c, u.Span), u.Span) : null;
        if (u.Op is UnaryOp.Neg && operand.Integer is { } n) return Number(-n, u.Span);
        if (operand.IsLiteral)
            return Value.Literal(t => Accepts(u.Op, t, u.Span) && operand.In(t) is { } x ? Fold.Unary(u.Op, x, u.Span) : null, operand.IsFloat, u.Span);
        var term = operand.Term!;
        return Accepts(u.Op, term.Type, u.Span) ? Value.Typed(Fold.Unary(u.Op, term, u.Span), u.Span) : null;
    }

    private bool Accepts(UnaryOp op, ElementType type, SourceSpan span)
    {
        if (op is UnaryOp.Neg ? type.IsInteger || type.IsFloat : type.IsInteger) return true;
        _bag.Add(SemanticDiagnostics.OperandKind, span, op is UnaryOp.Neg ? "-" : "~", type.Name, op is UnaryOp.Neg ? "numbers" : "integers");
        return false;
    }

    private Value? BindBinary(BinarySyntax b)
    {
        if (b.Op is InfixOp.AndAnd or InfixOp.OrOr) return BindLogical(b);
        var (left, right) = (Bind(b.Left), Bind(b.Right));
        if (left is null || right is null) return null;
        var op = Operator(b.Op);
        if (op is BinaryOp.Shl or BinaryOp.Shr) return BindShift(op, left, right, b.Span);
        if (left.IsLiteral && right.IsLiteral && !op.IsComparison)
            return Value.Literal(t => left.In(t) is { } x && right.In(t) is { } y ? Apply(op, x, y, b.Span) : null, left.IsFloat || right.IsFloat, b.Span);
        return Meet(left, right, op.Symbol, b.Span) is ({ } l, { } r) && Apply(op, l, r, b.Span) is { } term ? Value.Typed(term, b.Span) : null;
    }

    private Value? BindLogical(BinarySyntax b)
    {
        bool isAnd = b.Op is InfixOp.AndAnd;
        var left = Bind(b.Left, ElementType.Bool);
        var right = Under(left is null ? null : isAnd ? left : Terms.Negate(left), b.Right) is { } value ? Require(value, ElementType.Bool) : null;
        return left is null || right is null ? null : Value.Typed(Fold.Logical(isAnd, left, right, b.Span), b.Span);
    }

    /// <summary>Gives two values one type: a literal takes the other's.</summary>
    private (Term Left, Term Right)? Meet(Value left, Value right, string what, SourceSpan span)
    {
        var type = left.Term?.Type ?? right.Term?.Type ?? (left.IsFloat ? left : right).DefaultType(Integers);
        if (left.In(type) is not { } l || right.In(type) is not { } r) return null;
        if (l.Type == r.Type) return (l, r);
        var error = Diagnostic.Create(SemanticDiagnostics.MixedTypes, span, what, l.Type.Name, r.Type.Name)
            .WithLabel(left.Span, l.Type.Name).WithLabel(right.Span, r.Type.Name);
        if (l.Type is not ElementType.Bool && r.Type is not ElementType.Bool)
        {
            var (narrow, wide) = Width(l.Type) < Width(r.Type) ? (left, r.Type) : (right, l.Type);
            error = error.WithHelp($"convert one side by name: `{wide.Name}({narrow.Span.Text})`").WithFix(narrow.Span, $"{wide.Name}({narrow.Span.Text})");
        }
        _bag.Add(error);
        return null;
    }

    /// <summary>Orders types by which one a mechanical conversion should go to.</summary>
    private static int Width(ElementType type) => type is ElementType.Int ? 0 : type.IsFloat ? 1000 + type.Bits : type.Bits + (type.IsSigned ? 1 : 0);

    /// <summary>Applies an operator to two terms of one type.</summary>
    private Term? Apply(BinaryOp op, Term left, Term right, SourceSpan span)
    {
        var type = left.Type;
        bool fits = op switch
        {
            BinaryOp.Eq or BinaryOp.Ne => true,
            BinaryOp.And or BinaryOp.Or or BinaryOp.Xor => type.IsInteger || type is ElementType.Bool,
            BinaryOp.TruncDiv or BinaryOp.TruncMod => type.IsInteger,
            _ => type.IsInteger || type.IsFloat,
        };
        if (!fits)
        {
            string takes = op is BinaryOp.And or BinaryOp.Or or BinaryOp.Xor ? "integers and bool" : op is BinaryOp.TruncDiv or BinaryOp.TruncMod ? "integers" : "numbers";
            _bag.Add(SemanticDiagnostics.OperandKind, span, op.Symbol, type.Name, takes);
            return null;
        }
        if (op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod && type.IsInteger && !CheckDivisor(right, span)) return null;
        return Fold.Binary(op, left, right, span);
    }

    private bool CheckDivisor(Term divisor, SourceSpan span)
    {
        if (divisor is ConstTerm c)
        {
            if (c.Value.Integer != 0) return true;
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.DivisionByZero, divisor.Span ?? span, Terms.Print(divisor)).WithHelp("divide by another number"));
            return false;
        }
        if (divisor.Type is ElementType.Int && !TermMeasure.ReadsData(divisor))
            Owe(SemanticDiagnostics.DivisionByZero, [Terms.Print(divisor)], new BinaryTerm(BinaryOp.Ne, divisor, ConstTerm.Int(0)), divisor.Span ?? span);
        return true;
    }

    /// <summary>The amount may have any integer type; it takes the type of the left side here.</summary>
    private Value? BindShift(BinaryOp op, Value left, Value right, SourceSpan span)
    {
        if (left.IsLiteral) return Value.Literal(t => left.In(t) is { } l ? Shift(op, l, right, span) : null, left.IsFloat, span);
        return Shift(op, left.Term!, right, span) is { } term ? Value.Typed(term, span) : null;
    }

    private Term? Shift(BinaryOp op, Term left, Value right, SourceSpan span)
    {
        if (!left.Type.IsInteger)
        {
            _bag.Add(SemanticDiagnostics.OperandKind, span, op.Symbol, left.Type.Name, "integers");
            return null;
        }
        if (right.In(left.Type) is not { } amount) return null;
        if (!amount.Type.IsInteger)
        {
            _bag.Add(SemanticDiagnostics.OperandKind, right.Span, op.Symbol, amount.Type.Name, "an integer as the amount");
            return null;
        }
        int width = left.Type.Bits;
        if (amount is ConstTerm { Value.Exact: var n } && (n < 0 || n >= width))
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.ShiftOutOfRange, right.Span, Terms.Print(amount), width).WithHelp($"shift by 0 to {width - 1}"));
            return null;
        }
        if (amount is not ConstTerm && amount.Type is ElementType.Int && !TermMeasure.ReadsData(amount))
            Owe(SemanticDiagnostics.ShiftOutOfRange, [Terms.Print(amount), width], new LogicalTerm(true,
                new BinaryTerm(BinaryOp.Ge, amount, ConstTerm.Int(0)), new BinaryTerm(BinaryOp.Lt, amount, ConstTerm.Int(width))), right.Span);
        // An amount that is too large must not become one that is not when it is converted to fewer bits.
        if (amount is not ConstTerm && amount.Type.Bits > left.Type.Bits && TermMeasure.ReadsData(amount))
        {
            amount = Fold.Binary(BinaryOp.Min, amount, new ConstTerm(Scalar.Of(amount.Type, (long)width)), amount.Span);
            if (amount.Type.IsSigned) amount = Fold.Binary(BinaryOp.Max, amount, new ConstTerm(Scalar.Of(amount.Type, -1L)), amount.Span);
        }
        return Fold.Binary(op, left, Fold.Cast(CastKind.Convert, left.Type, amount, amount.Span), span);
    }

    private static BinaryOp Operator(InfixOp op) => op switch
    {
        InfixOp.Mul => BinaryOp.Mul, InfixOp.Div => BinaryOp.Div, InfixOp.Mod => BinaryOp.Mod,
        InfixOp.Add => BinaryOp.Add, InfixOp.Sub => BinaryOp.Sub,
        InfixOp.Shl => BinaryOp.Shl, InfixOp.Shr => BinaryOp.Shr,
        InfixOp.And => BinaryOp.And, InfixOp.Xor => BinaryOp.Xor, InfixOp.Or => BinaryOp.Or,
        InfixOp.Lt => BinaryOp.Lt, InfixOp.Gt => BinaryOp.Gt, InfixOp.Le => BinaryOp.Le,
        InfixOp.Ge => BinaryOp.Ge, InfixOp.Eq => BinaryOp.Eq, InfixOp.Ne => BinaryOp.Ne,
        InfixOp.AndAnd or InfixOp.OrOr => throw new CompilerBugException("binder", "a logical operator is no arithmetic"),
    };
}
