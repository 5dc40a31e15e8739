using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class TrimLoopsTests
{
    private readonly Var _o = Var.Index("o"), _i = Var.Index("i");
    private readonly Buffer _a = Input("A", ElementType.F32, 60), _c = Output("C", ElementType.F32, 60);

    [Theory]
    [InlineData(BinaryOp.Lt, 1, 50)]
    [InlineData(BinaryOp.Le, 1, 44)]
    [InlineData(BinaryOp.Gt, 1, 13)]
    [InlineData(BinaryOp.Ge, 1, 7)]
    [InlineData(BinaryOp.Lt, 3, 50)]
    [InlineData(BinaryOp.Gt, 3, 50)]
    [InlineData(BinaryOp.Ge, -2, -31)]
    [InlineData(BinaryOp.Lt, 2, -5)]
    public void A_guard_becomes_an_end_of_the_loop(BinaryOp op, long factor, long limit)
    {
        var at = _o * 12 + _i;
        var guard = new Binary(op, _o * 12 + _i * factor, Expr.Index(limit));
        // What is not written is not compared: it is set first.
        var z = Var.Index("z");
        var m = Module(LoopLevel.Lowered, Block.Of(Loop(z, 60, _c.Set(Expr.Zero(new(ElementType.F32)), z)), Loop(_o, 5, Loop(_i, 12, new If(guard, _c.Set(_a.At(at) + 1, at), null)))), _a, _c);
        var trimmed = TrimLoops.Run(m);
        AssertSame(m, trimmed, "trim_loops");
        Assert.DoesNotContain(Statements(trimmed.Body()), s => s is If);
        AssertLowers(m);
    }

    [Fact]
    public void A_guard_of_one_statement_of_two_ends_nothing()
    {
        var z = Var.Index("z");
        var m = Module(LoopLevel.Lowered, Loop(z, 60, Block.Of(_c.Set(Expr.Zero(new(ElementType.F32)), z), new If(z < 9, _c.Set(_a.At(z), z), null))), _a, _c);
        Assert.Same(m.Functions[0].Body, TrimLoops.Run(m).Functions[0].Body);
    }

    [Fact]
    public void A_guard_below_inner_loops_ends_the_loop_that_it_is_about()
    {
        var (z, l) = (Var.Index("z"), Var.Index("l"));
        var at = _i * 4 + l;
        var m = Module(LoopLevel.Lowered, Block.Of(Loop(z, 60, _c.Set(Expr.Zero(new(ElementType.F32)), z)), Loop(_i, 15, Loop(l, 4, new If(Expr.And(_i < 11, at < 58), _c.Set(_a.At(at), at), null), LoopKind.Vectorized))), _a, _c);
        var trimmed = TrimLoops.Run(m);
        AssertSame(m, trimmed, "trim_loops");
        Assert.Contains(Statements(trimmed.Body()).OfType<For>(), f => f.Variable.Name == "i" && f.Extent is not IntImm { Value: 15 });
        AssertLowers(m);
    }

    [Fact]
    public void A_bound_that_may_divide_by_zero_stays_inside()
    {
        var z = Var.Index("z");
        Stmt Guarded(Stmt s) => new If(_o > 0, new If(_i < Expr.Index(10) / _o, s, null), null);
        var m = Module(LoopLevel.Lowered, Block.Of(Loop(z, 60, _c.Set(Expr.Zero(new(ElementType.F32)), z)), Loop(_o, 5, Loop(_i, 12, Guarded(_c.Set(_a.At(_o * 12 + _i), _o * 12 + _i))))), _a, _c);
        AssertSame(m, TrimLoops.Run(m), "trim_loops");
        AssertLowers(m);
    }
}
