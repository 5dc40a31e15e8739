using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Tests.Lower.Passes;

public class LowerMathTests
{
    // Coprime to powers of two, so that all exponents and many mantissas come by.
    private const uint Stride = 1009;

    public static TheoryData<Intrinsic, uint, double> Functions => new()
    {
        { Intrinsic.Exp, Stride, 2 }, { Intrinsic.Exp2, Stride, 2 }, { Intrinsic.Log, Stride, 2 }, { Intrinsic.Log2, Stride, 2 },
        { Intrinsic.Tanh, Stride, 2 }, { Intrinsic.Sigmoid, Stride, 2 }, { Intrinsic.Rsqrt, Stride, 2 }, { Intrinsic.Erf, 10007, 2 },
        { Intrinsic.Sin, Stride, 2 }, { Intrinsic.Cos, Stride, 2 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Error_stays_below_the_limit(Intrinsic function, uint stride, double limit)
    {
        var compiled = Compile(function);
        bool isPeriodic = function is Intrinsic.Sin or Intrinsic.Cos;
        double worst = 0;
        float at = 0;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += stride)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits);
            if (isPeriodic && MathF.Abs(x) > 1 << 30 && !float.IsInfinity(x)) continue;
            double error = Ulps(compiled(x), Reference(function, x));
            if (error > worst || double.IsNaN(error)) (worst, at) = (error, x);
        }
        Assert.True(worst <= limit, $"{function}({at:R}) = {compiled(at):R}, not {Reference(function, at):R}: {worst} ulp");
    }

    [Fact]
    public void Pow_stays_below_four_ulp()
    {
        var (x, y) = (new Var("x", new(ElementType.F32)), new Var("y", new(ElementType.F32)));
        var compiled = CompiledExpr.Binary(x, y, LowerMath.Expand(Intrinsic.Pow, [x, y])!);
        float[] special = [0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon,
            float.MaxValue, float.MinValue, 1e-40f, 16777216, 16777217, 33554432, 2.5f, 1.0000001f, 0.99999994f];
        var pairs = from a in special from b in special select (a, b);
        var random = new Random(7);
        float Any() => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
        var more = Enumerable.Range(0, 500_000).Select(i => (i & 3) switch
        {
            0 => (Any(), Any()),
            1 => (random.NextSingle() * 100, (random.NextSingle() - 0.5f) * 80),
            2 => (1 + (random.NextSingle() - 0.5f) * 0.01f, (random.NextSingle() - 0.5f) * 10000),
            _ => ((random.NextSingle() - 0.5f) * 20, random.Next(-30, 30)),
        });
        foreach (var (a, b) in pairs.Concat(more))
        {
            double error = Ulps(compiled(a, b), Math.Pow(a, b));
            Assert.True(error <= 4, $"pow({a:R}, {b:R}) = {compiled(a, b):R}, not {Math.Pow(a, b):R}: {error} ulp");
        }
    }

    [Theory]
    [InlineData(Intrinsic.Tanh), InlineData(Intrinsic.Erf), InlineData(Intrinsic.Sin)]
    public void Odd_functions_keep_the_sign_of_zero(Intrinsic function)
    {
        Assert.Equal(0x80000000, BitConverter.SingleToUInt32Bits(Compile(function)(-0f)));
        Assert.Equal(0u, BitConverter.SingleToUInt32Bits(Compile(function)(0f)));
    }

    [Fact]
    public void Vectors_stay_vectors()
    {
        var x = new Var("x", new(ElementType.F32, 16));
        foreach (var f in new[] { Intrinsic.Exp, Intrinsic.Log, Intrinsic.Tanh, Intrinsic.Erf, Intrinsic.Sigmoid, Intrinsic.Sin })
            Assert.Equal(x.Type, LowerMath.Expand(f, [x])!.Type);
    }

    [Fact]
    public void Functions_of_f64_that_the_library_has_stay_calls()
    {
        var x = new Var("x", new(ElementType.F64));
        Assert.Null(LowerMath.Expand(Intrinsic.Exp, [x]));
        Assert.NotNull(LowerMath.Expand(Intrinsic.Rsqrt, [x]));
    }

    private static Func<float, float> Compile(Intrinsic function)
    {
        var x = new Var("x", new(ElementType.F32));
        return CompiledExpr.Unary(x, LowerMath.Expand(function, [x])!);
    }

    private static double Reference(Intrinsic function, double x) => function switch
    {
        Intrinsic.Exp => Math.Exp(x), Intrinsic.Exp2 => Math.Pow(2, x), Intrinsic.Log => Math.Log(x), Intrinsic.Log2 => Math.Log2(x),
        Intrinsic.Tanh => Math.Tanh(x), Intrinsic.Sigmoid => 1 / (1 + Math.Exp(-x)), Intrinsic.Rsqrt => 1 / Math.Sqrt(x), Intrinsic.Erf => ErrorFunction.Erf(x),
        Intrinsic.Sin => Math.Sin(x), _ => Math.Cos(x),
    };

    // Distance in units of the last place of the exact value; infinite where one is NaN or infinite (after rounding) and the other is not.
    private static double Ulps(float actual, double exact)
    {
        float rounded = (float)exact;
        if (float.IsNaN(rounded) || float.IsNaN(actual)) return float.IsNaN(rounded) == float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        if (actual == rounded) return 0;
        // One side of the overflow threshold or the other: as far as the largest float is from the next.
        double a = float.IsInfinity(actual) ? Math.CopySign(Math.Pow(2, 128), actual) : actual;
        double e = double.IsInfinity(exact) || Math.Abs(exact) > Math.Pow(2, 129) ? Math.CopySign(Math.Pow(2, 129), exact) : exact;
        float magnitude = Math.Min(MathF.Abs(rounded), float.MaxValue);
        double ulp = magnitude < 1.17549435e-38f ? float.Epsilon : Math.Pow(2, Math.Floor(Math.Log2(magnitude)) - 23);
        return Math.Abs(a - e) / ulp;
    }
}
