using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Core.Numerics;

public sealed class ScalarMathTests
{
    private static Scalar I(ElementType type, long value) => Scalar.Of(type, value);
    private static Scalar R(ElementType type, double value) => Scalar.Of(type, value);

    // Midpoints of neighbouring f32 values, one beyond what double holds: through double they would round twice.
    [Theory]
    [InlineData((1L << 60) + (1L << 36), 1L << 60)]
    [InlineData((1L << 60) + (1L << 36) + 1, (1L << 60) + (1L << 37))]
    [InlineData((1L << 60) + 3 * (1L << 36) - 1, (1L << 60) + (1L << 37))]
    [InlineData(-(1L << 60) - (1L << 36) - 1, -(1L << 60) - (1L << 37))]
    [InlineData(16_777_217, 16_777_216)]
    [InlineData(long.MaxValue, 9223372036854775807)]
    public void Integer_to_f32_rounds_once(long value, long expected)
    {
        Assert.Equal((float)expected, (float)ScalarMath.Cast(CastKind.Convert, ElementType.F32, I(ElementType.I64, value)).Real);
        Assert.Equal((float)expected, (float)Scalar.Of(ElementType.F32, value).Real);
    }

    [Fact]
    public void U64_to_f32_rounds_once()
    {
        long above = unchecked((long)((1UL << 63) + (1UL << 39) + 1));
        Assert.Equal((double)((1UL << 63) + (1UL << 40)), ScalarMath.Cast(CastKind.Convert, ElementType.F32, I(ElementType.U64, above)).Real);
        Assert.Equal(18446744073709551616.0, ScalarMath.Cast(CastKind.Convert, ElementType.F32, I(ElementType.U64, -1)).Real);
    }

    [Theory]
    [InlineData(ElementType.I32, 1e10, int.MaxValue), InlineData(ElementType.I32, -1e10, int.MinValue), InlineData(ElementType.I32, double.NaN, 0)]
    [InlineData(ElementType.U8, -3.0, 0), InlineData(ElementType.U8, 255.9, 255), InlineData(ElementType.I8, -1.9, -1)]
    [InlineData(ElementType.I64, 9.3e18, long.MaxValue), InlineData(ElementType.U64, 1e30, -1), InlineData(ElementType.I16, double.NegativeInfinity, -32768)]
    public void Float_to_integer_truncates_and_saturates(ElementType to, double value, long expected) =>
        Assert.Equal(expected, ScalarMath.Cast(CastKind.Convert, to, R(ElementType.F64, value)).Integer);

    [Theory]
    [InlineData(-7, 2, -4, 1, -3, -1), InlineData(7, -2, -4, -1, -3, 1), InlineData(-8, 2, -4, 0, -4, 0), InlineData(int.MinValue, -1, int.MinValue, 0, int.MinValue, 0)]
    public void Integer_division_rounds_down(long a, long b, long div, long mod, long truncDiv, long truncMod)
    {
        Scalar Apply(BinaryOp op) => ScalarMath.Apply(op, I(ElementType.I32, a), I(ElementType.I32, b));
        Assert.Equal((div, mod), (Apply(BinaryOp.Div).Integer, Apply(BinaryOp.Mod).Integer));
        Assert.Equal((truncDiv, truncMod), (Apply(BinaryOp.TruncDiv).Integer, Apply(BinaryOp.TruncMod).Integer));
    }

    [Theory]
    [InlineData(5.5, 2.0, 1.5, 1.5), InlineData(-5.5, 2.0, 0.5, -1.5), InlineData(5.5, -2.0, -0.5, 1.5)]
    public void Float_remainders(double a, double b, double mod, double truncMod)
    {
        Assert.Equal(mod, ScalarMath.Apply(BinaryOp.Mod, R(ElementType.F32, a), R(ElementType.F32, b)).Real);
        Assert.Equal(truncMod, ScalarMath.Apply(BinaryOp.TruncMod, R(ElementType.F32, a), R(ElementType.F32, b)).Real);
    }

    [Theory]
    [InlineData(ElementType.I8, -128, 7, -1), InlineData(ElementType.U8, 128, 7, 1), InlineData(ElementType.I64, -5, 64, -1), InlineData(ElementType.U64, -1, 63, 1)]
    public void Shift_right_follows_the_sign_of_the_type(ElementType type, long value, long amount, long expected) =>
        Assert.Equal(expected, ScalarMath.Apply(BinaryOp.Shr, I(type, value), I(type, amount)).Integer);

    [Theory]
    [InlineData(0.5, 0), InlineData(1.5, 2), InlineData(2.5, 2), InlineData(-0.5, 0), InlineData(-1.5, -2)]
    public void Round_takes_ties_to_even(double value, double expected) =>
        Assert.Equal(expected, ScalarMath.Apply(Intrinsic.Round, [R(ElementType.F32, value)]).Real);

    [Fact]
    public void Integers_wrap_and_bools_stay_bools()
    {
        Assert.Equal(-128, ScalarMath.Apply(BinaryOp.Add, I(ElementType.I8, 127), I(ElementType.I8, 1)).Integer);
        Assert.Equal(255, ScalarMath.Apply(UnaryOp.BitNot, I(ElementType.U8, 0)).Integer);
        Assert.Equal(-128, ScalarMath.Apply(Intrinsic.Abs, [I(ElementType.I8, -128)]).Integer);
        Assert.False(ScalarMath.Apply(UnaryOp.BitNot, Scalar.Bool(true)).IsTrue);
        Assert.Equal(8, ScalarMath.Apply(Intrinsic.Popcount, [I(ElementType.I8, -1)]).Integer);
    }

    [Fact]
    public void Max_and_min_propagate_nan_and_keep_the_first_of_equals()
    {
        Scalar nan = R(ElementType.F32, double.NaN), one = R(ElementType.F32, 1);
        foreach (var op in new[] { BinaryOp.Max, BinaryOp.Min })
        {
            Assert.True(double.IsNaN(ScalarMath.Apply(op, nan, one).Real));
            Assert.True(double.IsNaN(ScalarMath.Apply(op, one, nan).Real));
        }
        Assert.Equal(-1, ScalarMath.Apply(BinaryOp.Max, I(ElementType.U64, -1), I(ElementType.U64, 1)).Integer);
    }

    // Values of the tables in Abramowitz and Stegun, 7.1, and of mpmath.
    [Theory]
    [InlineData(0.5, 0.5204998778130465), InlineData(1.0, 0.8427007929497149), InlineData(2.9, 0.9999589021219005), InlineData(3.1, 0.9999883513426328), InlineData(-2.0, -0.9953222650189527)]
    [InlineData(1e-300, 1.1283791670955126e-300), InlineData(7.0, 1.0), InlineData(double.NegativeInfinity, -1.0), InlineData(-0.0, -0.0)]
    public void Error_function(double x, double expected) => Assert.Equal(expected, ErrorFunction.Erf(x), 1e-15);

    [Fact]
    public void Sigmoid_reaches_its_far_tail() =>
        Assert.Equal(Math.Exp(-740), ScalarMath.Apply(Intrinsic.Sigmoid, [R(ElementType.F64, -740)]).Real);

    [Fact]
    public void Error_function_agrees_with_the_C_library()
    {
        var exact = TrueFunctions.Of(Intrinsic.Erf);
        for (double x = 1e-10; x < 7; x = x * 1.001 + 1e-4)
            Assert.True(Math.Abs(ErrorFunction.Erf(x) - exact(x)) <= 2e-15 * exact(x), $"erf({x:R}) = {ErrorFunction.Erf(x):R}, not {exact(x):R}");
    }
}
