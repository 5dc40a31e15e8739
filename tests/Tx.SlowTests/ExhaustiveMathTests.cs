using System.Globalization;
using Tx.Core;
using Tx.Tests.Support;
using Xunit.Abstractions;

namespace Tx.SlowTests;

/// <summary>Functions of <c>f32</c> on all 2³² inputs: a compiled kernel against the C library in double precision.</summary>
public sealed class ExhaustiveMathTests(ITestOutputHelper output)
{
    private const int BlockSize = 1 << 16;

    [Theory]
    [InlineData(Intrinsic.Exp, 2), InlineData(Intrinsic.Exp2, 2), InlineData(Intrinsic.Log, 2), InlineData(Intrinsic.Log2, 2)]
    [InlineData(Intrinsic.Tanh, 2), InlineData(Intrinsic.Sigmoid, 2), InlineData(Intrinsic.Erf, 2)]
    [InlineData(Intrinsic.Sqrt, 0.5), InlineData(Intrinsic.Rsqrt, 2), InlineData(Intrinsic.Sin, 2), InlineData(Intrinsic.Cos, 2)]
    public void EveryInputIsWithinTheLimit(Intrinsic function, double limit)
    {
        using var kernel = new FunctionKernel<float>(function, lanes: 8, BlockSize);
        var exact = TrueFunctions.Of(function);
        var gate = new Lock();
        var worst = default(Worst);
        uint next = 0;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Measure)).ToArray();
        foreach (var t in threads) t.Start();
        foreach (var t in threads) t.Join();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{function.Name}: {worst.Error:F3} ulp at {worst.X:R} (0x{BitConverter.SingleToUInt32Bits(worst.X):x8}): {worst.Actual:R}, exactly {exact(worst.X):R}"));
        Assert.True(worst.Error <= limit, $"{function.Name}({worst.X:R}) = {worst.Actual:R}, not {exact(worst.X):R}: {worst.Error} ulp");
        Assert.Equal(Documented(function), worst.Error, 0.0006);

        void Measure()
        {
            var blocks = kernel.AllocateBlocks();
            var x = blocks[0].AsSpan<float>();
            var y = blocks[1].AsSpan<float>();
            Span<double> values = stackalloc double[NeighbourReference.Count];
            var mine = default(Worst);
            while (true)
            {
                uint block = Interlocked.Increment(ref next) - 1;
                if (block >= (1L << 32) / BlockSize) break;
                for (int i = 0; i < BlockSize; i++) x[i] = BitConverter.UInt32BitsToSingle(block * BlockSize + (uint)i);
                // The library takes minutes for all large ones; another test judges them.
                if (function is Intrinsic.Sin or Intrinsic.Cos && MathF.Abs(x[0]) is >= 1 << 17 and < float.PositiveInfinity && block % 32 != 0) continue;
                kernel.Invoke(blocks);
                for (int start = 0; start < BlockSize; start += NeighbourReference.Count)
                {
                    NeighbourReference.Fill(exact, x.Slice(start, NeighbourReference.Count), values);
                    if (FloatError.AreWithin(y.Slice(start, values.Length), values, mine.Error - 0.001)) continue;
                    for (int i = 0; i < values.Length; i++)
                    {
                        float actual = y[start + i];
                        if (FloatError.Ulps(actual, values[i]) <= mine.Error - 0.001) continue;
                        double error = FloatError.Ulps(actual, exact(x[start + i]));
                        if (error > mine.Error) mine = new(error, x[start + i], actual);
                    }
                }
            }
            lock (gate)
                if (mine.Error > worst.Error || mine.Error == worst.Error && BitConverter.SingleToUInt32Bits(mine.X) < BitConverter.SingleToUInt32Bits(worst.X)) worst = mine;
            foreach (var b in blocks) b.Dispose();
        }
    }

    /// <summary>2¹⁴ values of every exponent from 2²³ on.</summary>
    [Theory, InlineData(Intrinsic.Sin, 2), InlineData(Intrinsic.Cos, 2)]
    public void LargeArgumentsAreReducedExactly(Intrinsic function, double limit)
    {
        const int perExponent = 1 << 14;
        using var kernel = new FunctionKernel<float>(function, lanes: 8, perExponent);
        var reduction = new ExactReduction();
        var random = new Random(1);
        var blocks = kernel.AllocateBlocks();
        var x = blocks[0].AsSpan<float>();
        var worst = default(Worst);
        for (int exponent = 150; exponent < 255; exponent++)
        {
            for (int i = 0; i < x.Length; i++) x[i] = BitConverter.Int32BitsToSingle((i & 1) << 31 | exponent << 23 | random.Next(1 << 23));
            kernel.Invoke(blocks);
            var y = blocks[1].AsSpan<float>();
            for (int i = 0; i < x.Length; i++)
            {
                var (sin, cos) = reduction.Evaluate(x[i]);
                double error = FloatError.Ulps(y[i], function is Intrinsic.Sin ? sin : cos);
                if (error > worst.Error) worst = new(error, x[i], y[i]);
            }
        }
        foreach (var b in blocks) b.Dispose();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{function.Name} beyond 2^23: {worst.Error:F3} ulp at {worst.X:R}"));
        Assert.True(worst.Error <= limit, $"{function.Name}({worst.X:R}) = {worst.Actual:R}: {worst.Error} ulp");
    }

    /// <summary>10⁸ pairs: all special values with each other, any bits, moderate results, bases near 1, integer powers, results near the ends of the range.</summary>
    [Fact]
    public void PowIsWithinTheLimit()
    {
        const int count = 100_000_000;
        using var kernel = new FunctionKernel<float>(Intrinsic.Pow, lanes: 8, BlockSize);
        var gate = new Lock();
        var (worst, second) = (default(Worst), 0f);
        Parallel.For(0, count / BlockSize + 1, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, block =>
        {
            var blocks = kernel.AllocateBlocks();
            var x = blocks[0].AsSpan<float>();
            var y = blocks[1].AsSpan<float>();
            MathSamples.FillPairs(x, y, seed: block);
            kernel.Invoke(blocks);
            var (mine, mySecond) = (default(Worst), 0f);
            var z = blocks[2].AsSpan<float>();
            for (int i = 0; i < BlockSize; i++)
            {
                double error = FloatError.Ulps(z[i], Math.Pow(x[i], y[i]));
                if (error > mine.Error) (mine, mySecond) = (new(error, x[i], z[i]), y[i]);
            }
            lock (gate)
                if (mine.Error > worst.Error || mine.Error == worst.Error && mine.X < worst.X) (worst, second) = (mine, mySecond);
            foreach (var b in blocks) b.Dispose();
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pow: {worst.Error:F3} ulp at {worst.X:R}, {second:R}"));
        Assert.True(worst.Error <= 4, $"pow({worst.X:R}, {second:R}) = {worst.Actual:R}, not {Math.Pow(worst.X, second):R}: {worst.Error} ulp");
        Assert.Equal(Documented(Intrinsic.Pow), worst.Error, 0.0006);
    }

    /// <summary>The figure in the table of <c>docs/language.md</c>.</summary>
    private static double Documented(Intrinsic function)
    {
        string row = $"| `{function.Name}` |";
        string line = File.ReadLines(Repository.PathOf("docs", "language.md")).SkipWhile(l => !l.EndsWith("Accuracy of functions", StringComparison.Ordinal))
            .First(l => l.StartsWith(row, StringComparison.Ordinal));
        return double.Parse(line.Split('|')[2], CultureInfo.InvariantCulture);
    }

    private readonly record struct Worst(double Error, float X, float Actual);
}
