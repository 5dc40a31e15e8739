using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>Loops look for rarely needed values before they compute them.</summary>
public class SplitRareTests
{
    private readonly Var _i = Var.Index("i");

    // Elements are between -9 and 9: some are far, most are near.
    private static Expr Rare(Expr x, double limit) =>
        new Select(x > Expr.Constant(Scalar.Of(ElementType.F32, limit)), x * 100, x + 1, rare: true);

    [Theory]
    [InlineData(40, 8)]
    [InlineData(256, 8)]
    [InlineData(257, 5)]
    [InlineData(700, 8.5)]
    [InlineData(700, 20)]
    public void Both_versions_give_what_the_loop_gave(long extent, double limit)
    {
        var (a, c) = (Input("A", ElementType.F32, extent), Output("C", ElementType.F32, extent));
        var m = Module(LoopLevel.Flat, Loop(_i, extent, c.Set(Rare(a.At(_i), limit) * Rare(a.At(_i) - 1, limit), _i)), a, c);
        var split = SplitRare.Run(m);
        AssertSame(m, split, "split_rare");
        Assert.Single(Statements(split.Body()).OfType<If>());
        Assert.Equal(extent > 256 ? 3 : 2, Statements(split.Body()).OfType<For>().Count());
    }

    [Fact]
    public void A_rare_value_inside_of_another_and_in_a_let_counts()
    {
        var (a, c) = (Input("A", ElementType.F32, 300), Output("C", ElementType.F32, 300));
        var v = new Var("v", new(ElementType.F32));
        var m = Module(LoopLevel.Flat, Loop(_i, 300, c.Set(new Let(v, Rare(a.At(_i), 8), Rare(Rare(v, 7), 6) - v), _i)), a, c);
        AssertSame(m, SplitRare.Run(m), "split_rare");
    }

    [Fact]
    public void A_store_under_a_condition_looks_only_there()
    {
        var (a, c) = (Input("A", ElementType.F32, 300), Output("C", ElementType.F32, 300));
        var body = Block.Of(c.Set(a.At(_i), _i), new If(_i < 290, c.Set(Rare(a.At(_i + 10), 8), _i)));
        var m = Module(LoopLevel.Flat, Loop(_i, 300, body), a, c);
        var split = SplitRare.Run(m);
        AssertSame(m, split, "split_rare");
        Assert.NotSame(m.Body(), split.Body());
    }

    [Fact]
    public void A_loop_that_reads_what_it_writes_stays()
    {
        var (a, c) = (Input("A", ElementType.F32, 40), Output("C", ElementType.F32, 1));
        var m = Module(LoopLevel.Flat, Loop(_i, 40, c.Set(c.At(Expr.Index(0)) + Rare(a.At(_i), 8), Expr.Index(0))), a, c);
        Assert.Same(m.Body(), SplitRare.Run(m).Body());
    }

    [Fact]
    public void A_loop_without_rare_values_stays()
    {
        var (a, c) = (Input("A", ElementType.F32, 40), Output("C", ElementType.F32, 40));
        var choice = new Select(a.At(_i) > Expr.Zero(new(ElementType.F32)), a.At(_i), Expr.Zero(new(ElementType.F32)));
        var m = Module(LoopLevel.Flat, Loop(_i, 40, c.Set(choice, _i)), a, c);
        Assert.Same(m.Body(), SplitRare.Run(m).Body());
    }

    [Theory]
    [InlineData(100, 16, 2)]
    [InlineData(96, 16, 1)]
    [InlineData(9, 16, 1)]
    public void A_long_body_for_several_vectors_has_a_loop_for_what_is_left(long extent, int lanes, int loops)
    {
        var (a, c) = (Input("A", ElementType.F32, extent), Output("C", ElementType.F32, extent));
        Expr value = a.At(_i);
        for (int n = 0; n < 12; n++) value = value * 1 + n % 3;
        var m = Module(LoopLevel.Flat, Loop(_i, extent, c.Set(value, _i)).With(c.Set(value, _i), lanes: lanes), a, c);
        var split = SplitRemainder.Run(m, Target);
        AssertSame(m, split, "split_remainder");
        var found = Statements(split.Body()).OfType<For>().ToList();
        Assert.Equal(loops, found.Count);
        Assert.All(found, f => Assert.True(f.Lanes == 1 || f.Extent is IntImm { Value: var n } && n % f.Lanes == 0));
    }

    [Fact]
    public void A_short_body_stays_one_loop()
    {
        var (a, c) = (Input("A", ElementType.F32, 100), Output("C", ElementType.F32, 100));
        var m = Module(LoopLevel.Flat, Loop(_i, 100, c.Set(a.At(_i) + 1, _i)).With(c.Set(a.At(_i) + 1, _i), lanes: 16), a, c);
        Assert.Same(m.Body(), SplitRemainder.Run(m, Target).Body());
    }
}
