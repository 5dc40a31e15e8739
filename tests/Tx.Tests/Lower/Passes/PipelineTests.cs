using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class PipelineTests
{
    [Fact]
    public void Every_order_constraint_holds()
    {
        var names = Pipeline.For(Target).Select(p => p.Name).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        foreach (var c in Pipeline.Constraints)
        {
            Assert.Contains(c.Before, names);
            Assert.Contains(c.After, names);
            Assert.True(names.IndexOf(c.Before) < names.IndexOf(c.After), $"{c.Before} must stand before {c.After}: {c.Because}");
        }
    }

    [Fact]
    public void Levels_of_neighbours_fit()
    {
        var passes = Pipeline.For(Target);
        Assert.Equal(LoopLevel.Scheduled, passes[0].From);
        Assert.Equal(LoopLevel.Flat, passes[^1].To);
        for (int i = 1; i < passes.Length; i++) Assert.Equal(passes[i - 1].To, passes[i].From);
    }

    [Theory]
    [InlineData(1, 1, 1), InlineData(7, 5, 3), InlineData(16, 16, 16), InlineData(33, 29, 31), InlineData(24, 40, 37)]
    public void Default_schedule_of_a_matrix_product_lowers(int m, int n, int k) => AssertLowers(DefaultSchedule.Apply(MatrixProduct(m, n, k), Target));

    [Theory]
    [InlineData(1), InlineData(4), InlineData(37), InlineData(130)]
    public void Default_schedule_of_an_elementwise_stage_lowers(int n)
    {
        Buffer a = Input("A", ElementType.F32, n, n), c = Output("C", ElementType.F32, n, n);
        Var i = Var.Index("i"), j = Var.Index("j"), vi = Var.Index("vi"), vj = Var.Index("vj");
        var body = c.Set(Expr.Max(a.At(vi, vj), Expr.Zero(new(ElementType.F32))) + a.At(vj, vi), vi, vj);
        AssertLowers(DefaultSchedule.Apply(Module(LoopLevel.Scheduled,
            Loop(i, n, Loop(j, n, Point(body, null, true, Spatial(vi, n, i), Spatial(vj, n, j)))), a, c), Target));
    }

    [Theory]
    [InlineData(1), InlineData(9), InlineData(64), InlineData(75)]
    public void Default_schedule_of_a_row_sum_lowers(int n)
    {
        Buffer a = Input("A", ElementType.F32, 5, n), c = Output("C", ElementType.F32, 5);
        Var i = Var.Index("i"), k = Var.Index("k"), vi = Var.Index("vi"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At(vi) + a.At(vi, vk), vi), c.Set(Expr.Zero(new(ElementType.F32)), vi), true, Spatial(vi, 5, i), Reduction(vk, n, k));
        AssertLowers(DefaultSchedule.Apply(Module(LoopLevel.Scheduled, Loop(i, 5, Loop(k, n, point)), a, c), Target));
    }

    [Fact]
    public void Default_schedule_of_a_padded_convolution_lowers()
    {
        Buffer x = Input("X", ElementType.F32, 3, 9, 9), w = Input("W", ElementType.F32, 6, 3, 3, 3), y = Output("Y", ElementType.F32, 6, 9, 9);
        string[] names = ["o", "y", "x", "c", "r", "s"];
        long[] extents = [6, 9, 9, 3, 3, 3];
        var loops = names.Select(Var.Index).ToArray();
        var v = names.Select(n => Var.Index("v" + n)).ToArray();
        Expr row = v[1] + v[4] - 1, column = v[2] + v[5] - 1;
        var read = new Load(x, [v[3], row, column], Expr.All(row >= 0, row < 9, column >= 0, column < 9));
        var body = y.Set(y.At(v[0], v[1], v[2]) + read * w.At(v[0], v[3], v[4], v[5]), v[0], v[1], v[2]);
        Stmt nest = Point(body, y.Set(Expr.Zero(new(ElementType.F32)), v[0], v[1], v[2]), true,
            [.. Enumerable.Range(0, 6).Select(d => d < 3 ? Spatial(v[d], extents[d], loops[d]) : Reduction(v[d], extents[d], loops[d]))]);
        for (int d = 5; d >= 0; d--) nest = Loop(loops[d], extents[d], nest);
        AssertLowers(DefaultSchedule.Apply(Module(LoopLevel.Scheduled, nest, x, w, y), Target));
    }

    [Fact]
    public void Passes_return_the_same_object_when_nothing_is_left_to_do()
    {
        var flat = Pipeline.Run(DefaultSchedule.Apply(MatrixProduct(19, 23, 17), Target), Target);
        foreach (var pass in Pipeline.For(Target)) Assert.Same(flat, pass.Run(flat));
    }

    [Fact]
    public void Lowering_is_deterministic()
    {
        string Text() => IrPrinter.Print(Lowering.Lower(DefaultSchedule.Apply(MatrixProduct(19, 23, 17), Target), Target));
        Assert.Equal(Text(), Text());
    }

    [Fact]
    public void The_innermost_kernel_of_a_matrix_product_has_no_masks()
    {
        var target = Target with { Features = ["fma"] };
        var flat = Pipeline.Run(DefaultSchedule.Apply(MatrixProduct(64, 64, 64), target), target);
        Assert.DoesNotContain(Expressions(flat.Body()), e => e is Load { Predicate: not null });
        Assert.DoesNotContain(Statements(flat.Body()), s => s is Store { Predicate: not null });
        Assert.Contains(Expressions(flat.Body()), e => e is Call { Function: Intrinsic.Fma, Type.Lanes: 4 });
    }

    [Fact]
    public void Deep_expressions_end_in_an_exception_that_can_be_caught()
    {
        Buffer a = Input("A", ElementType.F32, 8), c = Output("C", ElementType.F32, 8);
        Var i = Var.Index("i"), vi = Var.Index("vi");
        Expr e = a.At(vi);
        for (int n = 0; n < 200_000; n++) e = new Binary(BinaryOp.Add, e, a.At(vi));
        var m = Module(LoopLevel.Scheduled, Loop(i, 8, Point(c.Set(e, vi), null, true, Spatial(vi, 8, i)), LoopKind.Vectorized), a, c);
        Assert.Throws<InsufficientExecutionStackException>(() => Pipeline.Run(m, Target));
    }

    [Fact]
    public void Shared_expressions_cost_their_nodes_not_their_paths()
    {
        Buffer a = Input("A", ElementType.F32, 64), c = Output("C", ElementType.F32, 64);
        Var i = Var.Index("i"), l = Var.Index("l"), vi = Var.Index("vi");
        Expr e = a.At(vi);
        for (int n = 0; n < 60; n++) e = new Binary(n % 2 == 0 ? BinaryOp.Add : BinaryOp.Max, e, e);
        var body = Loop(l, 8, Point(c.Set(e, vi), null, true, Spatial(vi, 63, i * 8 + l)), LoopKind.Vectorized);
        Assert.Equal(LoopLevel.Flat, Pipeline.Run(Module(LoopLevel.Scheduled, Loop(i, 8, body), a, c), Target).Level);
    }

    [Fact]
    public void Accumulators_are_never_masked()
    {
        var flat = Pipeline.Run(DefaultSchedule.Apply(MatrixProduct(37, 41, 29), Target), Target);
        Assert.DoesNotContain(Expressions(flat.Body()), e => e is Load { Predicate: not null, Buffer.Scope: MemoryScope.Register });
        Assert.DoesNotContain(Statements(flat.Body()), s => s is Store { Predicate: not null, Buffer.Scope: MemoryScope.Register });
    }

    internal static LoopModule MatrixProduct(int m, int n, int k)
    {
        Buffer a = Input("A", ElementType.F32, m, k), b = Input("B", ElementType.F32, k, n), c = Output("C", ElementType.F32, m, n);
        Var i = Var.Index("i"), j = Var.Index("j"), r = Var.Index("k"), vi = Var.Index("vi"), vj = Var.Index("vj"), vk = Var.Index("vk");
        var point = Point(c.Set(c.At(vi, vj) + a.At(vi, vk) * b.At(vk, vj), vi, vj), c.Set(Expr.Zero(new(ElementType.F32)), vi, vj), true,
            Spatial(vi, m, i), Spatial(vj, n, j), Reduction(vk, k, r));
        return Module(LoopLevel.Scheduled, Loop(i, m, Loop(j, n, Loop(r, k, point))), a, b, c);
    }
}
