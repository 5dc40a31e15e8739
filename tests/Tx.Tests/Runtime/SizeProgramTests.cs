using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

public class SizeProgramTests
{
    private static long? Last(long[] dims, params SizeStep[] steps) => new SizeProgram([.. steps]).Evaluate(dims)[^1];

    [Theory]
    [InlineData(BinaryOp.Add, 3, 4, 7L), InlineData(BinaryOp.Sub, 3, 4, -1L), InlineData(BinaryOp.Mul, -3, 4, -12L)]
    [InlineData(BinaryOp.Div, -7, 2, -4L), InlineData(BinaryOp.Mod, -7, 2, 1L), InlineData(BinaryOp.TruncDiv, -7, 2, -3L), InlineData(BinaryOp.TruncMod, -7, 2, -1L)]
    [InlineData(BinaryOp.Div, 7, 0, null), InlineData(BinaryOp.Mod, 7, 0, null), InlineData(BinaryOp.Shl, 3, 4, 48L), InlineData(BinaryOp.Shl, 3, 70, null)]
    [InlineData(BinaryOp.Min, 3, 4, 3L), InlineData(BinaryOp.Max, 3, 4, 4L), InlineData(BinaryOp.Lt, 3, 4, 1L), InlineData(BinaryOp.Ge, 3, 4, 0L)]
    [InlineData(BinaryOp.Add, long.MaxValue, 1, null), InlineData(BinaryOp.Mul, 1L << 40, 1L << 40, null), InlineData(BinaryOp.Div, long.MinValue, -1, null)]
    [InlineData(BinaryOp.TruncDiv, long.MinValue, -1, null), InlineData(BinaryOp.Mod, long.MinValue, -1, 0L), InlineData(BinaryOp.TruncMod, long.MinValue, -1, 0L)]
    public void Arithmetic_is_exact_or_gives_no_number(BinaryOp op, long x, long y, long? expected) =>
        Assert.Equal(expected, Last([x, y], new DimensionSize(0), new DimensionSize(1), new BinarySize(op, 0, 1)));

    [Fact]
    public void No_number_makes_no_number_where_it_is_needed()
    {
        SizeStep[] steps = [new DimensionSize(0), new ConstantSize(long.MaxValue), new BinarySize(BinaryOp.Mul, 0, 1), new BinarySize(BinaryOp.Gt, 0, 0)];
        Assert.Null(Last([2], [.. steps, new UnarySize(UnaryOp.Neg, 2)]));
        Assert.Equal(2, Last([2], [.. steps, new SelectedSize(3, 2, 0)]));
        Assert.Null(Last([300], [new DimensionSize(0), new ConvertedSize(ElementType.U8, 0)]));
        Assert.Equal(5, Last([-5], [new DimensionSize(0), new AbsoluteSize(0)]));
    }
}
