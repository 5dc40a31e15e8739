using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class LowerInstancesTests
{
    private static readonly Expr s_zero = Expr.Zero(new(ElementType.F32));

    [Fact]
    public void A_point_outside_the_domain_is_skipped()
    {
        Buffer a = Input("A", ElementType.F32, 10), c = Output("C", ElementType.F32, 10);
        Var io = Var.Index("io"), ii = Var.Index("ii"), vi = Var.Index("vi");
        var m = Module(LoopLevel.Scheduled, Loop(io, 3, Loop(ii, 4, Point(c.Set(a.At(vi) * a.At(vi), vi), null, true, Spatial(vi, 10, io * 4 + ii)))), a, c);
        var lowered = LowerInstances.Run(m);
        Assert.Equal(LoopLevel.Lowered, lowered.Level);
        Assert.Contains(Statements(lowered.Body()), s => s is If);
        AssertSame(m, lowered, "lower_instances");
    }

    [Fact]
    public void A_loop_over_the_whole_domain_needs_no_condition()
    {
        var lowered = LowerInstances.Run(PipelineTests.MatrixProduct(3, 4, 5));
        Assert.DoesNotContain(Statements(lowered.Body()), s => s is If);
    }

    [Fact]
    public void The_start_of_a_reduction_stands_before_its_outermost_loop_with_the_spatial_loops_inside()
    {
        Buffer a = Input("A", ElementType.F32, 6, 8), c = Output("C", ElementType.F32, 8);
        Var k = Var.Index("k"), j = Var.Index("j"), vk = Var.Index("vk"), vj = Var.Index("vj");
        var point = Point(c.Set(c.At(vj) + a.At(vk, vj), vj), c.Set(s_zero, vj), true, Spatial(vj, 8, j), Reduction(vk, 6, k));
        var m = Module(LoopLevel.Scheduled, Loop(k, 6, Loop(j, 8, point, LoopKind.Vectorized)), a, c);
        var lowered = LowerInstances.Run(m);
        var block = Assert.IsType<Block>(lowered.Body());
        var start = Assert.IsType<For>(block.Statements[0]);
        Assert.Equal(LoopKind.Vectorized, start.Kind);
        Assert.NotSame(j, start.Variable);
        AssertSame(m, lowered, "lower_instances");
        AssertLowers(m);
    }

    [Fact]
    public void A_reduction_over_nothing_still_starts()
    {
        Buffer a = Input("A", ElementType.F32, 3, 0), c = Output("C", ElementType.F32, 3);
        Var i = Var.Index("i"), k = Var.Index("k"), vi = Var.Index("vi"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At(vi) + a.At(vi, vk), vi), c.Set(s_zero, vi), true, Spatial(vi, 3, i), Reduction(vk, 0, k));
        var m = Module(LoopLevel.Scheduled, Loop(i, 3, Loop(k, 0, point)), a, c);
        Assert.Equal("0, 0, 0", Run(m));
        Assert.Equal("0, 0, 0", Run(LowerInstances.Run(m)));
    }

    [Fact]
    public void A_loop_that_carries_both_space_and_reduction_starts_in_order()
    {
        Buffer a = Input("A", ElementType.F32, 4, 6), c = Output("C", ElementType.F32, 4);
        Var f = Var.Index("f"), vi = Var.Index("vi"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At(vi) + a.At(vi, vk), vi), c.Set(s_zero, vi), true, Spatial(vi, 4, f / 6), Reduction(vk, 6, f % 6));
        AssertLowers(Module(LoopLevel.Scheduled, Loop(f, 24, point), a, c));
    }

    [Fact]
    public void A_triangular_domain_is_kept()
    {
        Buffer a = Input("A", ElementType.F32, 9, 9), c = Output("C", ElementType.F32, 9);
        Var i = Var.Index("i"), k = Var.Index("k"), vi = Var.Index("vi"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At(vi) + a.At(vi, vk), vi), c.Set(s_zero, vi), true,
            Spatial(vi, 9, i), new IterVar(vk, Expr.Index(0), vi + 1, IterKind.Reduction, k));
        var m = Module(LoopLevel.Scheduled, Loop(i, 9, Loop(k, 9, point, LoopKind.Vectorized)), a, c);
        AssertLowers(m);
    }

    [Fact]
    public void A_condition_that_a_loop_does_not_change_stands_outside_of_it()
    {
        Buffer a = Input("A", ElementType.F32, 5, 7), c = Output("C", ElementType.F32, 5, 7);
        Var t = Var.Index("t"), j = Var.Index("j"), vt = Var.Index("vt"), vj = Var.Index("vj");
        // Iterations 5 and 6 of the outer loop have no point.
        var m = Module(LoopLevel.Scheduled, Loop(t, 7, Loop(j, 7, Point(c.Set(a.At(vt, vj), vt, vj), null, true, Spatial(vt, 5, t), Spatial(vj, 7, j)))), a, c);
        var lowered = LowerInstances.Run(m);
        Assert.IsType<For>(Assert.IsType<If>(Assert.IsType<For>(lowered.Body()).Body).Then);
        AssertLowers(m);
    }

    [Fact]
    public void What_a_check_has_tested_is_not_tested_again()
    {
        Buffer id = Input("id", ElementType.I64, 4), e = Input("E", ElementType.F32, 9), y = Output("Y", ElementType.F32, 4);
        Var b = Var.Index("b"), vb = Var.Index("vb");
        Expr at = id.At(vb), inside = Expr.And(at >= 0, at < 9), first = vb >= 1;
        Stmt Body(Expr condition, Expr predicate) => Block.Of(new Check(condition, 0, [at]), y.Set(new Load(e, [at], predicate), vb));
        Expr? PredicateOf(Stmt body) => Expressions(LowerInstances.Run(Module(LoopLevel.Scheduled, Loop(b, 4, Point(body, null, true, Spatial(vb, 4, b))), id, e, y)).Body())
            .OfType<Load>().Single(l => l.Buffer == e).Predicate;
        Assert.Null(PredicateOf(Body(inside, inside)));
        Assert.True(PredicateOf(Body(Expr.Or(Expr.Not(first), inside), Expr.And(first, inside))) is Binary { Op: BinaryOp.Ge });
        Assert.NotNull(PredicateOf(Body(Expr.Or(Expr.Not(first), inside), inside)));
    }

    [Fact]
    public void A_product_is_not_added_with_one_rounding_to_another_element()
    {
        Buffer a = Input("A", ElementType.F32, 4), c = Output("C", ElementType.F32, 4);
        Var i = Var.Index("i"), vi = Var.Index("vi");
        var body = c.Set(new Load(c, [vi - 1], vi >= 1) + a.At(vi) * a.At(vi), vi);
        var lowered = LowerInstances.Run(Module(LoopLevel.Scheduled, Loop(i, 4, Point(body, null, true, Spatial(vi, 4, i))), a, c));
        Assert.DoesNotContain(Expressions(lowered.Body()), e => e is Call);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Multiply_add_is_fused_only_where_the_order_is_free(bool reassociate)
    {
        Buffer a = Input("A", ElementType.F32, 4), b = Input("B", ElementType.F32, 4), c = Output("C", ElementType.F32);
        Var k = Var.Index("k"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At() + a.At(vk) * b.At(vk)), c.Set(s_zero), reassociate, Reduction(vk, 4, k));
        var lowered = LowerInstances.Run(Module(LoopLevel.Scheduled, Loop(k, 4, point), a, b, c));
        Assert.Equal(reassociate, Expressions(lowered.Body()).Any(e => e is Call { Function: Intrinsic.Fma }));
    }

    [Fact]
    public void Integers_are_not_fused()
    {
        Buffer a = Input("A", ElementType.I32, 4), c = Output("C", ElementType.I32);
        Var k = Var.Index("k"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At() + a.At(vk) * a.At(vk)), c.Set(Expr.Zero(new(ElementType.I32))), true, Reduction(vk, 4, k));
        var m = Module(LoopLevel.Scheduled, Loop(k, 4, point), a, c);
        Assert.DoesNotContain(Expressions(LowerInstances.Run(m).Body()), e => e is Call);
        AssertLowers(m);
    }
}
