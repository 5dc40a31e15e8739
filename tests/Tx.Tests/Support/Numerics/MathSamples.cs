namespace Tx.Tests.Support;

/// <summary>Values of <c>f32</c> that leave nothing out: every exponent with both signs, and those where functions change their ways.</summary>
internal static class MathSamples
{
    public static readonly float[] Special =
    [
        0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, 1.5f, -2.5f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon,
        float.MaxValue, float.MinValue, 1.17549435e-38f, -1.17549435e-38f, 1.1754942e-38f, 1e-40f, -1e-40f, 0.99999994f, 1.0000001f, -0.99999994f, -1.0000001f,
        88.72283f, 88.722839f, -87.33655f, -103.97208f, -103.97209f, 128, -149, -150, -151, 104, 16777216, 16777217, 33554432, -16777217, 8388608, 8388607.5f,
        65536, 65536.008f, 1.5707964f, 3.1415927f, 6.2831855f, 0.7853982f, 0.625f, 0.9277f, 4, 0.70710677f, 1.4142135f,
    ];

    /// <summary>As many values of each sign and exponent (zero and NaN have theirs) as make up <paramref name="count"/>; the special ones first.</summary>
    public static void Fill(Span<float> values, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < values.Length; i++)
            values[i] = i < Special.Length ? Special[i] : BitConverter.UInt32BitsToSingle(unchecked((uint)i << 23) | (uint)random.Next(1 << 23));
    }

    /// <summary>Pairs for <c>pow</c>: all special ones; then any bits, results of moderate size, bases near 1, and integer powers, in turn.</summary>
    public static void FillPairs(Span<float> x, Span<float> y, int seed)
    {
        var random = new Random(seed);
        float Bits() => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
        for (int i = 0; i < x.Length; i++)
        {
            int k = i / Special.Length;
            (x[i], y[i]) = k < Special.Length ? (Special[i % Special.Length], Special[k]) : (i & 7) switch
            {
                0 => (Bits(), Bits()),
                1 => (random.NextSingle() * 100, (random.NextSingle() - 0.5f) * 80),
                2 => (1 + (random.NextSingle() - 0.5f) * 0.01f, (random.NextSingle() - 0.5f) * 30000),
                3 => (1 + (random.NextSingle() - 0.5f) * 1e-5f, (random.NextSingle() - 0.5f) * 3e7f),
                4 => ((random.NextSingle() - 0.5f) * 20, random.Next(-30, 30)),
                5 => (Bits(), random.Next(-8, 9) * 0.5f),
                // x^y near the largest and the least of the denormal numbers.
                6 when Bits() is var b && MathF.Abs(b) is > 1e-30f and < 1e30f => (MathF.Abs(b), (float)((random.NextDouble() * 3 + 127 - (random.Next(2) * 279)) / Math.Log2(Math.Abs(b)))),
                _ => (MathF.Abs(Bits()), (random.NextSingle() - 0.5f) * 4),
            };
        }
    }
}
