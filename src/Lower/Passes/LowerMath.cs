using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Expands functions of <c>f32</c> into arithmetic, so that every backend computes the same and vectors stay vectors. Functions of <c>f64</c>
/// stay calls where the C library has them.</summary>
public static class LowerMath
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Expansion().Visit(f.Body)));

    /// <summary>The function as arithmetic; null where it stays a call.</summary>
    public static Expr? Expand(Intrinsic function, ImmutableArray<Expr> arguments)
    {
        var s = new LetSequence();
        var x = arguments[0];
        switch (x.Type.Element)
        {
            case ElementType.F64 when function is Intrinsic.Rsqrt:
                return ElementaryFunctions.Rsqrt(x);
            case ElementType.F64 when function is Intrinsic.Sigmoid:
                return Sigmoid(s, x);
            case ElementType.F32:
                break;
            default:
                return null;
        }
        x = s.Share("v", x);
        Expr? value = function switch
        {
            Intrinsic.Exp => ElementaryFunctions.Exp(s, x),
            Intrinsic.Exp2 => ElementaryFunctions.Exp2(s, x),
            Intrinsic.Log => ElementaryFunctions.Log(s, x),
            Intrinsic.Log2 => ElementaryFunctions.Log2(s, x),
            Intrinsic.Tanh => ElementaryFunctions.Tanh(s, x),
            Intrinsic.Sigmoid => ElementaryFunctions.Sigmoid(s, x),
            Intrinsic.Erf => ElementaryFunctions.Erf(s, x),
            Intrinsic.Rsqrt => ElementaryFunctions.Rsqrt(x),
            Intrinsic.Sin => TrigonometricFunctions.Sin(s, x),
            Intrinsic.Cos => TrigonometricFunctions.Cos(s, x),
            Intrinsic.Pow => WideFunctions.Pow(s, x, s.Share("w", arguments[1])),
            _ => null,
        };
        return value is null ? null : s.In(value);
    }

    // In the form that does not overflow: e^x/(1 + e^x) below 0, 1/(1 + e^−x) above.
    private static Expr Sigmoid(LetSequence s, Expr x)
    {
        x = s.Share("v", x);
        var e = s.Share("e", new Call(Intrinsic.Exp, [Expr.Make(UnaryOp.Neg, LetSequence.Abs(x))]));
        var one = LetSequence.Constant(x, 1);
        return s.In(Expr.If(x < LetSequence.Constant(x, 0), e, one) / (e + one));
    }

    private sealed class Expansion : SharingRewriter
    {
        protected override Expr VisitCall(Call c)
        {
            var arguments = VisitAll(c.Arguments);
            return Expand(c.Function, arguments) ?? (arguments == c.Arguments ? c : new Call(c.Function, arguments));
        }
    }
}
