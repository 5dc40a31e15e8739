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
        var lowered = LowerInstances.Run(Module(LoopLevel.Scheduled, Loop(i, 3, Loop(k, 0, point)), a, c));
        Assert.Equal("0, 0, 0", Run(lowered));
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
