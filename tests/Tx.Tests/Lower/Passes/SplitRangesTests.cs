using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>Two versions of a body become loops of one version each.</summary>
public class SplitRangesTests
{
    private readonly Var _i = Var.Index("i");
    private readonly Buffer _a = Input("A", ElementType.F32, 40), _c = Output("C", ElementType.F32, 40);

    private LoopModule Choice(Expr condition) => Module(LoopLevel.Lowered, Loop(_i, 40, new If(condition, _c.Set(_a.At(_i) + 1, _i), _c.Set(_a.At(_i) * 2, _i))), _a, _c);

    // Inside, beyond either end, empty, with a factor.
    [Theory]
    [InlineData(3, 30)]
    [InlineData(-5, 17)]
    [InlineData(3, 90)]
    [InlineData(20, 10)]
    [InlineData(50, 60)]
    [InlineData(-9, -3)]
    [InlineData(0, 40)]
    public void Bounds_become_ends_of_loops(long first, long last)
    {
        var m = Choice(Expr.And(_i >= first, _i < last));
        var split = SplitRanges.Run(m);
        AssertSame(m, split, "split_ranges");
        Assert.DoesNotContain(Statements(split.Body()), s => s is If);
        Assert.Equal(3, Statements(split.Body()).OfType<For>().Count());
    }

    [Theory]
    [InlineData(BinaryOp.Lt, 3, 50, 2)]
    [InlineData(BinaryOp.Ge, 3, 50, 2)]
    [InlineData(BinaryOp.Lt, -3, -50, 2)]
    [InlineData(BinaryOp.Le, 7, 77, 2)]
    public void A_factor_is_divided_out(BinaryOp op, long factor, long limit, int loops)
    {
        var m = Choice(new Binary(op, _i * factor, Expr.Index(limit)));
        var split = SplitRanges.Run(m);
        AssertSame(m, split, "split_ranges");
        Assert.Equal(loops, Statements(split.Body()).OfType<For>().Count());
    }

    [Fact]
    public void Arrays_of_the_body_go_with_each_version()
    {
        var own = Temporary("own", ElementType.F32, MemoryScope.Register, 1);
        Stmt Part(Expr value) => Block.Of(own.Set(value, Expr.Index(0)), _c.Set(own.At(Expr.Index(0)), _i));
        var m = Module(LoopLevel.Lowered, Loop(_i, 40, new Allocate(own, new If(_i < 9, Part(_a.At(_i) + 1), Part(_a.At(_i) * 2)))), _a, _c);
        var split = SplitRanges.Run(m);
        AssertSame(m, split, "split_ranges");
        Assert.Equal(2, Statements(split.Body()).OfType<Allocate>().Count());
    }

    [Fact]
    public void What_is_no_range_stays()
    {
        foreach (var condition in new[] { Expr.Eq(_i, Expr.Index(3)), _i % 2 < 1, _a.At(_i) < Expr.Zero(new(ElementType.F32)), Expr.Or(_i < 3, _i >= 30) })
        {
            var m = Choice(condition);
            Assert.Same(m.Body(), SplitRanges.Run(m).Body());
        }
    }

    [Fact]
    public void One_version_is_for_the_ends_of_loops()
    {
        var m = Module(LoopLevel.Lowered, Loop(_i, 40, new If(_i < 9, _c.Set(_a.At(_i), _i))), _a, _c);
        Assert.Same(m.Body(), SplitRanges.Run(m).Body());
    }
}
