using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Builds an expression as a sequence of named steps over floats of one type and number of lanes.</summary>
internal sealed class LetSequence
{
    private readonly List<(Var Variable, Expr Value)> _steps = [];

    /// <summary>Names a value, so that it is computed once.</summary>
    public Expr Share(string name, Expr value)
    {
        if (value is Var or IntImm or FloatImm) return value;
        var v = new Var(name, value.Type);
        _steps.Add((v, value));
        return v;
    }

    /// <summary>The result with all steps before it.</summary>
    public Expr In(Expr result)
    {
        for (int i = _steps.Count - 1; i >= 0; i--) result = new Let(_steps[i].Variable, _steps[i].Value, result);
        return result;
    }

    /// <summary>A constant of the type and lanes of <paramref name="like"/>.</summary>
    public static Expr Constant(Expr like, double value) => Expr.Splat(Expr.Constant(Scalar.Of(like.Type.Element, value)), like.Type.Lanes);

    public static Expr Fma(Expr a, Expr b, Expr c) => new Call(Intrinsic.Fma, [a, b, c]);

    /// <summary>a · b + c.</summary>
    public static Expr Fma(Expr a, double b, Expr c) => Fma(a, Constant(a, b), c);

    /// <summary>a · b + c.</summary>
    public static Expr Fma(Expr a, Expr b, double c) => Fma(a, b, Constant(a, c));

    /// <summary>c₀ + c₁·x + … by Horner's rule.</summary>
    public static Expr Polynomial(Expr x, params ReadOnlySpan<double> coefficients)
    {
        var sum = Constant(x, coefficients[^1]);
        for (int i = coefficients.Length - 2; i >= 0; i--) sum = Fma(sum, x, coefficients[i]);
        return sum;
    }

    public static Expr Abs(Expr x) => new Call(Intrinsic.Abs, [x]);

    public static Expr Bits(Expr x, ElementType to) => new Cast(CastKind.Bits, x.Type.WithElement(to), x);
}
