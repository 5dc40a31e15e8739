using Tx.Core;

namespace Tx.Tests.Core.Numerics;

/// <summary>Rounding to <c>f16</c> and <c>bf16</c>, at every value and at every tie.</summary>
public sealed class SmallFloatTests
{
    public static TheoryData<ElementType> Types => [ElementType.F16, ElementType.BF16];

    private static double Value(ElementType type, int bits) => type is ElementType.F16
        ? (double)BitConverter.UInt16BitsToHalf((ushort)bits)
        : BitConverter.Int32BitsToSingle(bits << 16);

    /// <summary>Doubles at, just below and just above every tie between two neighbours, with the bits that each rounds to.</summary>
    internal static IEnumerable<(double Value, int Bits)> Ties(ElementType type)
    {
        int infinity = type is ElementType.F16 ? 0x7C00 : 0x7F80;
        for (int bits = 0; bits < infinity; bits++)
        {
            // Beyond the largest value the tie is where the next one would be.
            double low = Value(type, bits), high = bits + 1 < infinity ? Value(type, bits + 1) : low + (low - Value(type, bits - 1));
            double tie = low + (high - low) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            foreach (int sign in new[] { 0, 0x8000 })
            {
                double s = sign == 0 ? 1 : -1;
                yield return (s * tie, even | sign);
                yield return (s * Math.BitDecrement(tie), bits | sign);
                yield return (s * Math.BitIncrement(tie), bits + 1 | sign);
                yield return (s * low, bits | sign);
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void EveryTieOfF64RoundsToEvenAndAllElseToTheNearest(ElementType type)
    {
        foreach (var (value, bits) in Ties(type))
            Assert.Equal((ulong)bits, ScalarMath.ToBits(Scalar.Of(type, value)));
    }

    [Theory, MemberData(nameof(Types))]
    public void EveryBitPatternIsKept(ElementType type)
    {
        for (int bits = 0; bits < 65536; bits++)
        {
            var scalar = ScalarMath.FromBits(type, (ulong)bits);
            if (double.IsNaN(Value(type, bits))) Assert.True(double.IsNaN(scalar.Real));
            else Assert.Equal((ulong)bits, ScalarMath.ToBits(scalar));
        }
    }

    // Halves of half-precision neighbours that 53 digits do not hold: through f64 they would round twice.
    [Theory]
    [InlineData((1L << 62) + (1L << 54), 1L << 62), InlineData((1L << 62) + (1L << 54) + 1, (1L << 62) + (1L << 55)), InlineData(-(1L << 62) - (1L << 54) - 1, -(1L << 62) - (1L << 55))]
    [InlineData((1L << 62) + 3 * (1L << 54) - 1, (1L << 62) + (1L << 55))]
    public void IntegersRoundOnceToBf16(long value, long expected) => Assert.Equal(expected, (long)ScalarMath.Cast(CastKind.Convert, ElementType.BF16, Scalar.Of(ElementType.I64, value)).Real);

    [Theory]
    [InlineData(ElementType.F16, 0.1, "0.1"), InlineData(ElementType.F16, 65504, "65500"), InlineData(ElementType.F16, 1 / 3.0, "0.3333"), InlineData(ElementType.F16, 6e-8, "6E-08")]
    [InlineData(ElementType.BF16, 0.1, "0.1"), InlineData(ElementType.BF16, 1 / 3.0, "0.334"), InlineData(ElementType.BF16, 1e30, "1E+30"), InlineData(ElementType.BF16, -258, "-258")]
    public void TheShortestTextThatTellsAValueFromItsNeighbours(ElementType type, double value, string text) => Assert.Equal(text, Scalar.Of(type, value).ToString());

    [Fact]
    public void EveryBf16IsFoundAgainFromItsText()
    {
        for (int bits = 0; bits < 0x7F80; bits++)
        {
            var scalar = ScalarMath.FromBits(ElementType.BF16, (ulong)bits);
            Assert.Equal(scalar, Scalar.Of(ElementType.BF16, double.Parse(scalar.ToString(), System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    [Theory]
    [InlineData(ElementType.U1, 3, 1), InlineData(ElementType.U2, -1, 3), InlineData(ElementType.U4, 21, 5), InlineData(ElementType.I2, 2, -2), InlineData(ElementType.I2, 1, 1)]
    [InlineData(ElementType.I4, 8, -8), InlineData(ElementType.I4, -9, 7), InlineData(ElementType.I4, 23, 7)]
    public void PackedIntegersWrap(ElementType type, long value, long expected) => Assert.Equal(expected, Scalar.Of(type, value).Integer);

    [Theory]
    [InlineData(ElementType.U2, 3.9, 3), InlineData(ElementType.U2, 7, 3), InlineData(ElementType.U1, -5, 0), InlineData(ElementType.I4, 100, 7), InlineData(ElementType.I4, -8.9, -8)]
    [InlineData(ElementType.I2, double.NaN, 0), InlineData(ElementType.I2, double.NegativeInfinity, -2)]
    public void FloatsSaturateInPackedIntegers(ElementType type, double value, long expected) =>
        Assert.Equal(expected, ScalarMath.Cast(CastKind.Convert, type, Scalar.Of(ElementType.F32, value)).Integer);
}
