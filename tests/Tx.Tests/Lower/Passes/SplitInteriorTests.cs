using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Simplify;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class SplitInteriorTests
{
    private readonly Var _i = Var.Index("i"), _l = Var.Index("l");

    [Fact]
    public void The_interior_has_no_masks()
    {
        Buffer a = Input("A", ElementType.F32, 50), c = Output("C", ElementType.F32, 50);
        var at = _i * 8 + _l;
        var m = Module(LoopLevel.Lowered, Loop(_i, 7, Loop(_l, 8, new If(at < 50, c.Set(a.At(at) * a.At(at), at)), LoopKind.Vectorized), LoopKind.Parallel), a, c);
        var split = SplitInterior.Run(m);
        AssertSame(m, split, "split_interior");
        var boundary = Statements(split.Body()).OfType<If>().First();
        Assert.NotNull(boundary.Else);
        Assert.DoesNotContain(Statements(boundary.Then), s => s is If);
        var final = AssertLowers(m);
        Assert.Equal([false, true], Statements(final.Body()).OfType<Store>().Select(s => s.Predicate is not null));
    }

    [Fact]
    public void A_boundary_of_one_iteration_has_no_masks_either()
    {
        Buffer a = Input("A", ElementType.F32, 30), c = Output("C", ElementType.F32, 30);
        var at = _i * 4 + _l;
        var m = Module(LoopLevel.Lowered, Loop(_i, 8, Loop(_l, 4, new If(at < 30, c.Set(a.At(at), at)), LoopKind.Unrolled)), a, c);
        AssertSame(m, SplitInterior.Run(m), "split_interior");
        var final = AssertLowers(m);
        Assert.Single(Statements(final.Body()).OfType<If>());
        Assert.Equal(6, Statements(final.Body()).OfType<Store>().Count());
    }

    [Fact]
    public void A_condition_of_outer_loops_is_not_tested_inside_a_reduction()
    {
        Buffer a = Input("A", ElementType.F32, 9, 6), c = Output("C", ElementType.F32, 6);
        var k = Var.Index("k");
        var at = _i * 4 + _l;
        var body = Block.Of(Loop(_l, 4, new If(at < 6, c.Set(Expr.Zero(new(ElementType.F32)), at)), LoopKind.Vectorized));
        var l = Var.Index("l");
        var at2 = _i * 4 + l;
        var sum = Loop(k, 9, Loop(l, 4, new If(at2 < 6, c.Set(c.At(at2) + a.At(k, at2), at2)), LoopKind.Vectorized));
        var m = Module(LoopLevel.Lowered, Loop(_i, 2, Block.Of(body, sum)), a, c);
        var split = SplitInterior.Run(m);
        AssertSame(m, split, "split_interior");
        Assert.IsType<If>(Assert.IsType<For>(split.Body()).Body);
        AssertLowers(m);
    }

    [Fact]
    public void Conditions_of_predicated_loads_count_too()
    {
        Buffer x = Input("X", ElementType.F32, 30), y = Output("Y", ElementType.F32, 32);
        var at = _i * 4 + _l - 1;
        var read = new Load(x, [at], Expr.And(at >= 0, at < 30));
        var m = Module(LoopLevel.Lowered, Loop(_i, 8, Loop(_l, 4, y.Set(read, _i * 4 + _l), LoopKind.Vectorized)), x, y);
        var final = AssertLowers(m);
        Assert.Equal([false, true], Expressions(final.Body()).OfType<Load>().Select(l => l.Predicate is not null));
    }

    [Fact]
    public void A_condition_that_never_holds_for_all_lanes_gets_no_second_version()
    {
        Buffer a = Input("A", ElementType.F32, 3), c = Output("C", ElementType.F32, 3);
        var m = Module(LoopLevel.Lowered, Loop(_i, 1, Loop(_l, 8, new If(_i * 8 + _l < 3, c.Set(a.At(_l), _l)), LoopKind.Vectorized)), a, c);
        Assert.Same(m, SplitInterior.Run(m));
    }

    [Fact]
    public void Ranges_that_are_known_prove_a_condition_without_a_second_version()
    {
        Buffer a = Input("A", ElementType.F32, 32), c = Output("C", ElementType.F32, 32);
        var at = _i * 8 + _l;
        var m = Module(LoopLevel.Lowered, Loop(_i, 4, Loop(_l, 8, new If(at < 32, c.Set(a.At(at), at)), LoopKind.Vectorized)), a, c);
        var simple = Simplifier.Simplify(m);
        Assert.DoesNotContain(Statements(simple.Body()), s => s is If);
        Assert.Same(simple, SplitInterior.Run(simple));
    }

    [Fact]
    public void A_row_that_is_read_as_a_whole_is_not_masked_lane_by_lane()
    {
        Buffer x = Input("X", ElementType.F32, 6, 8), y = Output("Y", ElementType.F32, 6, 8);
        var row = _i - 1;
        var m = Module(LoopLevel.Lowered, Loop(_i, 6, Loop(_l, 8, y.Set(new Load(x, [row, _l], row >= 0) + x.At(_i, _l), _i, _l), LoopKind.Vectorized)), x, y);
        var final = AssertLowers(m);
        var rows = Assert.Single(Statements(final.Body()).OfType<If>());
        Assert.DoesNotContain(Expressions(rows.Then), e => e is Load { Predicate: not null });
    }

    [Fact]
    public void A_bound_from_memory_gets_no_second_version()
    {
        Buffer start = Input("start", ElementType.I64, 3), c = Output("C", ElementType.I32, 3, 4);
        var x = new Var("x", IrType.Index);
        var one = new IntImm(ElementType.I32, 1);
        var body = Block.Of(Loop(_l, 4, Block.Of(c.Set(one, _i, _l), new If(x + _i + _l < 2, c.Set(one + one, _i, _l))), LoopKind.Vectorized));
        var m = Module(LoopLevel.Lowered, new LetStmt(x, start.At(Expr.Index(0)), Loop(_i, 3, body)), start, c);
        Assert.Same(m, SplitInterior.Run(m));
        AssertLowers(m);
    }
}
