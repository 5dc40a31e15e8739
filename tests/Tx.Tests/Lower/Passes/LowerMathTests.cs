using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Tests.Support;

namespace Tx.Tests.Lower.Passes;

/// <summary>Functions in compiled code on samples of all exponents. <c>./test slow</c> takes every value.</summary>
public class LowerMathTests
{
    private const int Count = 1 << 20;
    private const float Infinity = float.PositiveInfinity, NaN = float.NaN;

    [Theory]
    [InlineData(Intrinsic.Exp, 2), InlineData(Intrinsic.Exp2, 2), InlineData(Intrinsic.Log, 2), InlineData(Intrinsic.Log2, 2)]
    [InlineData(Intrinsic.Tanh, 2), InlineData(Intrinsic.Sigmoid, 2), InlineData(Intrinsic.Erf, 2)]
    [InlineData(Intrinsic.Sqrt, 0.5), InlineData(Intrinsic.Rsqrt, 2), InlineData(Intrinsic.Sin, 2), InlineData(Intrinsic.Cos, 2)]
    public void Error_stays_below_the_limit(Intrinsic function, double limit)
    {
        var x = new float[Count];
        MathSamples.Fill(x, seed: 1);
        float[] y = Run<float>(function, 8, x);
        var exact = TrueFunctions.Of(function);
        for (int i = 0; i < Count; i++)
        {
            double error = FloatError.Ulps(y[i], exact(x[i]));
            if (!(error <= limit)) Assert.Fail($"{function}({x[i]:R}) = {y[i]:R}, not {exact(x[i]):R}: {error} ulp");
        }
    }

    [Fact]
    public void Pow_stays_below_four_ulp()
    {
        var (x, y) = (new float[Count], new float[Count]);
        MathSamples.FillPairs(x, y, seed: 2);
        float[] z = Run<float>(Intrinsic.Pow, 8, x, y);
        for (int i = 0; i < Count; i++)
        {
            double error = FloatError.Ulps(z[i], Math.Pow(x[i], y[i]));
            if (!(error <= 4)) Assert.Fail($"pow({x[i]:R}, {y[i]:R}) = {z[i]:R}, not {Math.Pow(x[i], y[i]):R}: {error} ulp");
        }
    }

    [Theory]
    [InlineData(Intrinsic.Exp), InlineData(Intrinsic.Exp2), InlineData(Intrinsic.Log), InlineData(Intrinsic.Log2), InlineData(Intrinsic.Tanh), InlineData(Intrinsic.Sigmoid)]
    [InlineData(Intrinsic.Erf), InlineData(Intrinsic.Rsqrt), InlineData(Intrinsic.Sin), InlineData(Intrinsic.Cos), InlineData(Intrinsic.Pow)]
    public void Every_width_gives_the_same_bits(Intrinsic function)
    {
        const int count = 3 << 14;
        var (x, y) = (new float[count], new float[count]);
        if (function is Intrinsic.Pow) MathSamples.FillPairs(x, y, seed: 3); else MathSamples.Fill(x, seed: 3);
        float[][] operands = function is Intrinsic.Pow ? [x, y] : [x];
        float[] scalar = Run(function, 1, operands);
        foreach (int lanes in (int[])[3, 4, 8, 16])
        {
            float[] vector = Run(function, lanes, operands);
            for (int i = 0; i < count; i++)
                if (!Same(vector[i], scalar[i]))
                    Assert.Fail($"{function}({x[i]:R}{(function is Intrinsic.Pow ? $", {y[i]:R}" : "")}): {scalar[i]:R} alone, {vector[i]:R} in {lanes} lanes");
        }
    }

    [Fact]
    public void Large_arguments_are_reduced_exactly()
    {
        const int count = 105 << 7;
        var random = new Random(6);
        var x = Enumerable.Range(0, count).Select(i => BitConverter.Int32BitsToSingle((i & 1) << 31 | (150 + i / 128) << 23 | random.Next(1 << 23))).ToArray();
        var reduction = new ExactReduction();
        var (sin, cos) = (Run(Intrinsic.Sin, 8, x), Run(Intrinsic.Cos, 8, x));
        for (int i = 0; i < count; i++)
        {
            var exact = reduction.Evaluate(x[i]);
            if (FloatError.Ulps(sin[i], exact.Sin) > 2) Assert.Fail($"sin({x[i]:R}) = {sin[i]:R}, not {exact.Sin:R}");
            if (FloatError.Ulps(cos[i], exact.Cos) > 2) Assert.Fail($"cos({x[i]:R}) = {cos[i]:R}, not {exact.Cos:R}");
        }
    }

    // Neighbours in a vector take the way of large arguments together.
    [Theory, InlineData(Intrinsic.Sin), InlineData(Intrinsic.Cos)]
    public void A_large_neighbour_changes_nothing(Intrinsic function)
    {
        var random = new Random(4);
        var x = Enumerable.Range(0, 1 << 14).Select(_ => (float)((random.NextDouble() - 0.5) * 200)).ToArray();
        float[] alone = Run(function, 8, x);
        var mixed = x.Select((v, i) => i % 8 == 5 ? 1e30f : v).ToArray();
        float[] y = Run(function, 8, mixed);
        for (int i = 0; i < x.Length; i++)
            if (i % 8 != 5) Assert.Equal(alone[i], y[i]);
    }

    [Theory]
    [InlineData(Intrinsic.Exp), InlineData(Intrinsic.Exp2), InlineData(Intrinsic.Log), InlineData(Intrinsic.Log2), InlineData(Intrinsic.Tanh), InlineData(Intrinsic.Sigmoid)]
    [InlineData(Intrinsic.Erf), InlineData(Intrinsic.Sqrt), InlineData(Intrinsic.Rsqrt), InlineData(Intrinsic.Sin), InlineData(Intrinsic.Cos)]
    public void Functions_of_f64_agree_with_the_library(Intrinsic function)
    {
        var random = new Random(5);
        var x = Enumerable.Range(0, 1 << 12).Select(i => i < MathSamples.Special.Length ? MathSamples.Special[i]
            : Math.ScaleB(random.NextDouble() + 1, i % 64 < 32 ? random.Next(-8, 8) : random.Next(-1074, 1024)) * (1 - (i & 2))).ToArray();
        double[] scalar = Run(function, 1, x), vector = Run(function, 4, x);
        Assert.Equal(scalar, vector);
        var exact = TrueFunctions.Of(function);
        for (int i = 0; i < x.Length; i++)
        {
            double wanted = function is Intrinsic.Sigmoid && x[i] < 0 ? Math.Exp(x[i]) / (1 + Math.Exp(x[i])) : exact(x[i]);
            Assert.True(scalar[i].Equals(wanted) || Math.Abs(scalar[i] - wanted) <= Math.Max(4e-16 * Math.Abs(wanted), 1e-323),
                $"{function}({x[i]:R}) = {scalar[i]:R}, not {wanted:R}");
        }
    }

    private static readonly (Intrinsic Function, float X, float Expected)[] Values =
    [
        (Intrinsic.Exp, 0, 1), (Intrinsic.Exp, -Infinity, 0), (Intrinsic.Exp, Infinity, Infinity), (Intrinsic.Exp, NaN, NaN),
        (Intrinsic.Exp, 88.72284f, Infinity), (Intrinsic.Exp, -103.28f, float.Epsilon), (Intrinsic.Exp, -104, 0), (Intrinsic.Exp2, -149, float.Epsilon),
        (Intrinsic.Exp2, -130, 7.34684e-40f), (Intrinsic.Exp2, 127, 1.7014118e38f), (Intrinsic.Exp2, 128, Infinity),
        (Intrinsic.Log, 0, -Infinity), (Intrinsic.Log, -0f, -Infinity), (Intrinsic.Log, -1, NaN), (Intrinsic.Log, 1, 0),
        (Intrinsic.Log, Infinity, Infinity), (Intrinsic.Log, -Infinity, NaN), (Intrinsic.Log, -float.Epsilon, NaN),
        (Intrinsic.Log, float.Epsilon, -103.27893f), (Intrinsic.Log2, float.Epsilon, -149), (Intrinsic.Log2, 8, 3), (Intrinsic.Log2, 1, 0),
        (Intrinsic.Tanh, Infinity, 1), (Intrinsic.Tanh, -Infinity, -1), (Intrinsic.Tanh, -0f, -0f), (Intrinsic.Tanh, 1e-40f, 1e-40f), (Intrinsic.Tanh, NaN, NaN),
        (Intrinsic.Sigmoid, Infinity, 1), (Intrinsic.Sigmoid, -Infinity, 0), (Intrinsic.Sigmoid, float.MaxValue, 1), (Intrinsic.Sigmoid, float.MinValue, 0),
        (Intrinsic.Sigmoid, 0, 0.5f), (Intrinsic.Sigmoid, -100, 3.8e-44f), (Intrinsic.Sigmoid, NaN, NaN),
        (Intrinsic.Erf, Infinity, 1), (Intrinsic.Erf, -Infinity, -1), (Intrinsic.Erf, -0f, -0f), (Intrinsic.Erf, 4, 1), (Intrinsic.Erf, -30, -1), (Intrinsic.Erf, NaN, NaN),
        (Intrinsic.Sqrt, -0f, -0f), (Intrinsic.Sqrt, -1, NaN), (Intrinsic.Sqrt, Infinity, Infinity), (Intrinsic.Sqrt, float.Epsilon, 3.743392e-23f),
        (Intrinsic.Rsqrt, 0, Infinity), (Intrinsic.Rsqrt, -0f, -Infinity), (Intrinsic.Rsqrt, -1, NaN), (Intrinsic.Rsqrt, Infinity, 0),
        (Intrinsic.Rsqrt, float.Epsilon, 2.6713738e22f), (Intrinsic.Sin, Infinity, NaN), (Intrinsic.Cos, -Infinity, NaN),
        (Intrinsic.Sin, -0f, -0f), (Intrinsic.Sin, NaN, NaN), (Intrinsic.Cos, -0f, 1), (Intrinsic.Sin, float.Epsilon, float.Epsilon), (Intrinsic.Sin, 1e30f, -0.79116344f),
    ];

    [Theory, InlineData(1), InlineData(8)]
    public void Edges(int lanes)
    {
        foreach (var cases in Values.GroupBy(v => v.Function))
        {
            float[] y = Run(cases.Key, lanes, Padded(cases.Select(c => c.X)));
            foreach (var ((_, x, expected), actual) in cases.Zip(y)) Assert.True(Same(expected, actual), $"{cases.Key}({x:R}) = {actual:R}, not {expected:R}");
        }
    }

    private static readonly (float X, float Y, float Expected)[] Powers =
    [
        (0, 0, 1), (NaN, 0, 1), (Infinity, -0f, 1), (1, NaN, 1), (1, Infinity, 1), (1, -Infinity, 1), (NaN, 1, NaN), (2, NaN, NaN), (-1, Infinity, 1), (-1, -Infinity, 1), (0, -1, Infinity),
        (-0f, -1, -Infinity), (-0f, -2, Infinity), (-0f, -0.5f, Infinity), (-0f, -Infinity, Infinity), (-0f, 3, -0f), (-0f, 2, 0), (-0f, 0.5f, 0), (0, Infinity, 0), (-8, 3, -512), (-2, 2, 4),
        (-2, -1, -0.5f), (-2, 0.5f, NaN), (-8, 1 / 3f, NaN), (-2, 16777217, Infinity), (-1, 16777216, 1), (-1, 16777215, -1), (-3, 33554432, Infinity), (0.5f, Infinity, 0),
        (0.5f, -Infinity, Infinity), (-2, Infinity, Infinity), (-0.5f, Infinity, 0), (Infinity, 2, Infinity), (Infinity, -2, 0), (-Infinity, 3, -Infinity), (-Infinity, 2, Infinity), (-Infinity, -3, -0f), (-Infinity, -2, 0),
        (-Infinity, 0.5f, Infinity), (-Infinity, -0.5f, 0), (-Infinity, Infinity, Infinity), (2, -149, float.Epsilon), (2, -150, 0), (4, 0.5f, 2), (10, 10, 1e10f),
    ];

    [Theory, InlineData(1), InlineData(8)]
    public void Pow_of_edges(int lanes)
    {
        float[] z = Run(Intrinsic.Pow, lanes, Padded(Powers.Select(p => p.X)), Padded(Powers.Select(p => p.Y)));
        foreach (var ((x, y, expected), actual) in Powers.Zip(z)) Assert.True(Same(expected, actual), $"pow({x:R}, {y:R}) = {actual:R}, not {expected:R}");
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
        Assert.NotNull(LowerMath.Expand(Intrinsic.Sigmoid, [x]));
    }

    // Threads that flush denormal numbers to zero would lose these.
    [Fact]
    public void Workers_keep_denormal_numbers()
    {
        var x = Enumerable.Range(0, 1 << 12).Select(i => i * float.Epsilon).ToArray();
        using var kernel = new FunctionKernel<float>(v => v[0] * Expr.Splat(new FloatImm(ElementType.F32, 0.5), v[0].Type.Lanes), 1, lanes: 8, x.Length, isParallel: true);
        for (int repetition = 0; repetition < 20; repetition++)
        {
            float[] y = Run(kernel, x);
            for (int i = 0; i < x.Length; i++) Assert.Equal(x[i] * 0.5f, y[i]);
        }
    }

    private static bool Same(float a, float b) => float.IsNaN(a) ? float.IsNaN(b) : BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b);

    private static float[] Padded(IEnumerable<float> values)
    {
        float[] row = [.. values];
        return [.. row, .. new float[(8 - row.Length % 8) % 8]];
    }

    private static T[] Run<T>(Intrinsic function, int lanes, params T[][] operands) where T : unmanaged
    {
        using var kernel = new FunctionKernel<T>(function, lanes, operands[0].Length);
        return Run(kernel, operands);
    }

    private static T[] Run<T>(FunctionKernel<T> kernel, params T[][] operands) where T : unmanaged
    {
        var blocks = kernel.AllocateBlocks();
        try
        {
            for (int k = 0; k < operands.Length; k++) operands[k].CopyTo(blocks[k].AsSpan<T>());
            kernel.Invoke(blocks);
            return blocks[^1].AsSpan<T>().ToArray();
        }
        finally
        {
            foreach (var b in blocks) b.Dispose();
        }
    }
}
