using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>An expression of the language, built by C# operators. Numbers and truth values convert by themselves; an integer is a literal, which
/// takes the type that it meets, and so is a float. <c>+ - * / %</c>, <c>&amp; | ^ ~ &lt;&lt; &gt;&gt;</c>, <c>!</c> and the comparisons mean what they mean in
/// the language (integers divide rounding down); <c>&amp;&amp;</c>, <c>||</c>, <c>?:</c> and <c>??</c> are <see cref="And"/>, <see cref="Or"/>,
/// <see cref="Compute.Select"/> and <see cref="Default"/>. Immutable.</summary>
public class Expr
{
    internal Expr(ExpressionSyntax syntax) => Syntax = syntax;

    /// <summary>The expression as it is written.</summary>
    public ExpressionSyntax Syntax { get; }

    /// <summary><c>X[e] ?? outside</c>: the element, or a value where the index lies outside.</summary>
    /// <exception cref="InvalidOperationException">This is no element of a tensor.</exception>
    public Expr Default(Expr outside) => Syntax is SubscriptSyntax read
        ? new(new DefaultSyntax(default, read, outside.Syntax))
        : throw new InvalidOperationException($"only an element of a tensor can be outside, and this is `{this}`");

    /// <summary><c>X[e] ?? clamp</c>: where the index lies outside, the nearest element.</summary>
    /// <inheritdoc cref="Default"/>
    public Expr Clamped() => Default(new Name("clamp"));

    /// <summary><c>X[e] ?? wrap</c>: the tensor goes round.</summary>
    /// <inheritdoc cref="Default"/>
    public Expr Wrapped() => Default(new Name("wrap"));

    /// <summary><c>X[e] ?? reflect</c>: the tensor is mirrored, without its last element again.</summary>
    /// <inheritdoc cref="Default"/>
    public Expr Reflected() => Default(new Name("reflect"));

    /// <summary><c>this &amp;&amp; other</c>.</summary>
    public Expr And(Expr other) => Infix(InfixOp.AndAnd, this, other);

    /// <summary><c>this || other</c>.</summary>
    public Expr Or(Expr other) => Infix(InfixOp.OrOr, this, other);

    public static implicit operator Expr(int value) => (long)value;
    public static implicit operator Expr(long value) => new(Integer(value));
    public static implicit operator Expr(ulong value) => new(new IntegerSyntax(default, value));
    public static implicit operator Expr(double value) => new(Real(value));
    public static implicit operator Expr(bool value) => new(new BoolSyntax(default, value));

    public static Expr operator +(Expr a, Expr b) => Infix(InfixOp.Add, a, b);
    public static Expr operator -(Expr a, Expr b) => Infix(InfixOp.Sub, a, b);
    public static Expr operator *(Expr a, Expr b) => Infix(InfixOp.Mul, a, b);
    public static Expr operator /(Expr a, Expr b) => Infix(InfixOp.Div, a, b);
    public static Expr operator %(Expr a, Expr b) => Infix(InfixOp.Mod, a, b);
    public static Expr operator &(Expr a, Expr b) => Infix(InfixOp.And, a, b);
    public static Expr operator |(Expr a, Expr b) => Infix(InfixOp.Or, a, b);
    public static Expr operator ^(Expr a, Expr b) => Infix(InfixOp.Xor, a, b);
    public static Expr operator <<(Expr a, Expr b) => Infix(InfixOp.Shl, a, b);
    public static Expr operator >>(Expr a, Expr b) => Infix(InfixOp.Shr, a, b);
    public static Expr operator <(Expr a, Expr b) => Infix(InfixOp.Lt, a, b);
    public static Expr operator >(Expr a, Expr b) => Infix(InfixOp.Gt, a, b);
    public static Expr operator <=(Expr a, Expr b) => Infix(InfixOp.Le, a, b);
    public static Expr operator >=(Expr a, Expr b) => Infix(InfixOp.Ge, a, b);
    /// <summary>An expression that compares; <see cref="object.ReferenceEquals"/> compares the C# objects.</summary>
    public static Expr operator ==(Expr a, Expr b) => Infix(InfixOp.Eq, a, b);
    public static Expr operator !=(Expr a, Expr b) => Infix(InfixOp.Ne, a, b);
    public static Expr operator -(Expr a) => new(new UnarySyntax(default, UnaryOp.Neg, a.Syntax));
    public static Expr operator !(Expr a) => new(new UnarySyntax(default, UnaryOp.Not, a.Syntax));
    public static Expr operator ~(Expr a) => new(new UnarySyntax(default, UnaryOp.BitNot, a.Syntax));

    /// <summary>The same C# object; <c>==</c> builds an expression.</summary>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    /// <summary>As it is written in the language.</summary>
    public override string ToString() => SyntaxPrinter.Print(Syntax);

    private static Expr Infix(InfixOp op, Expr a, Expr b) => new(new BinarySyntax(default, op, a.Syntax, b.Syntax));

    private static ExpressionSyntax Integer(long value) => value < 0
        ? new UnarySyntax(default, UnaryOp.Neg, new IntegerSyntax(default, unchecked((ulong)-value)))
        : new IntegerSyntax(default, (ulong)value);

    private static ExpressionSyntax Real(double value) =>
        double.IsNaN(value) ? new NameExpressionSyntax(default, "nan")
        : double.IsNegative(value) ? new UnarySyntax(default, UnaryOp.Neg, Real(-value))
        : double.IsInfinity(value) ? new NameExpressionSyntax(default, "inf")
        : new FloatSyntax(default, value);
}
