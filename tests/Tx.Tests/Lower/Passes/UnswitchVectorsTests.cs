using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class UnswitchVectorsTests
{
    private readonly Var _k = Var.Index("k"), _l = Var.Index("l"), _o = Var.Index("o");

    [Fact]
    public void A_condition_of_an_outer_loop_is_a_branch_around_the_vector()
    {
        Buffer a = Input("A", ElementType.F32, 3, 8), c = Output("C", ElementType.F32, 8);
        var first = Expr.Eq(_k, Expr.Index(0));
        var before = new Select(first, Expr.Zero(new(ElementType.F32)), new Load(c, [_l], Expr.Ne(_k, Expr.Index(0))));
        var m = Module(LoopLevel.Lowered, Loop(_k, 3, Loop(_l, 8, c.Set(before + a.At(_k, _l), _l), LoopKind.Vectorized)), a, c);
        var result = UnswitchVectors.Run(m);
        AssertSame(m, result, "unswitch_vectors");
        var branch = Statements(result.Body()).OfType<If>().Single();
        Assert.Same(first, branch.Condition);
        var final = AssertLowers(m);
        Assert.DoesNotContain(Expressions(final.Body()), e => e is Select or Load { Predicate: not null });
    }

    [Fact]
    public void A_condition_of_the_lanes_stays()
    {
        Buffer a = Input("A", ElementType.F32, 8), c = Output("C", ElementType.F32, 8);
        var m = Module(LoopLevel.Lowered, Loop(_l, 8, c.Set(new Select(_l < 5, a.At(_l), Expr.Zero(new(ElementType.F32))), _l), LoopKind.Vectorized), a, c);
        Assert.Same(m.Functions[0].Body, UnswitchVectors.Run(m).Functions[0].Body);
    }

    [Fact]
    public void A_condition_that_may_divide_by_zero_stays_where_it_is_guarded()
    {
        Buffer a = Input("A", ElementType.F32, 8), c = Output("C", ElementType.F32, 8);
        var read = new Load(a, [_l], Expr.Eq(Expr.Index(8) / _k, Expr.Index(2)));
        var m = Module(LoopLevel.Lowered, Loop(_k, 5, Block.Of(Loop(_o, 8, c.Set(a.At(_o), _o)), Loop(_l, 8, new If(_k > 0, c.Set(read, _l), null), LoopKind.Vectorized))), a, c);
        AssertSame(m, UnswitchVectors.Run(m), "unswitch_vectors");
        AssertLowers(m);
    }
}
