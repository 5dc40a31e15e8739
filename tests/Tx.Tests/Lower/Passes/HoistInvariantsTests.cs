using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>What is the same in every iteration is computed once, where every iteration computes it.</summary>
public class HoistInvariantsTests
{
    private readonly Var _i = Var.Index("i"), _j = Var.Index("j");
    private readonly Buffer _a = Input("A", ElementType.F32, 7, 40), _t = Input("T", ElementType.F32, 7), _c = Output("C", ElementType.F32, 7, 40);

    private static Expr Exp(Expr e) => new Call(Intrinsic.Exp, [e]);

    private LoopModule Rows(Stmt inner) => Module(LoopLevel.Lowered, Loop(_i, 7, Loop(_j, 40, inner)), _a, _t, _c);

    private static IEnumerable<LetStmt> Lets(LoopModule m) => Statements(m.Body()).OfType<LetStmt>();

    [Fact]
    public void A_function_of_what_stays_is_called_before_the_loop()
    {
        var m = Rows(_c.Set(_a.At(_i, _j) - Exp(_t.At(_i)), _i, _j));
        var hoisted = HoistInvariants.Run(m);
        AssertSame(m, hoisted, "hoist_invariants");
        var let = Assert.Single(Lets(hoisted));
        Assert.IsType<Call>(let.Value);
        Assert.IsType<LetStmt>(((For)hoisted.Body()).Body);
    }

    [Fact]
    public void Both_versions_of_a_body_must_compute_it()
    {
        var both = Rows(new If(_j < 39, _c.Set(_a.At(_i, _j) - Exp(_t.At(_i)), _i, _j), _c.Set(Exp(_t.At(_i)), _i, _j)));
        var hoisted = HoistInvariants.Run(both);
        AssertSame(both, hoisted, "hoist_invariants");
        Assert.Single(Lets(hoisted));

        var one = Rows(new If(_j < 39, _c.Set(_a.At(_i, _j) - Exp(_t.At(_i)), _i, _j), _c.Set(_a.At(_i, _j), _i, _j)));
        Assert.Same(one.Body(), HoistInvariants.Run(one).Body());
        var guarded = Rows(new If(_t.At(_i) < Expr.Zero(new(ElementType.F32)), _c.Set(Exp(_t.At(_i)), _i, _j)));
        Assert.Same(guarded.Body(), HoistInvariants.Run(guarded).Body());
    }

    [Fact]
    public void What_the_loop_writes_is_read_in_it()
    {
        var own = Temporary("own", ElementType.F32, MemoryScope.Register, 1);
        var m = Rows(new Allocate(own, Block.Of(own.Set(_a.At(_i, _j), Expr.Index(0)), _c.Set(Exp(own.At(Expr.Index(0))), _i, _j))));
        Assert.Same(m.Body(), HoistInvariants.Run(m).Body());
        var zero = Expr.Index(0);
        var carried = Module(LoopLevel.Lowered, Loop(_j, 40, _c.Set(Exp(_c.At(zero, zero) * 0), zero, _j)), _c);
        Assert.Same(carried.Body(), HoistInvariants.Run(carried).Body());
    }

    [Fact]
    public void A_loop_that_may_not_run_computes_nothing()
    {
        // The element is outside of the tensor in the rows whose loop does not run.
        var m = Module(LoopLevel.Lowered, Loop(_i, 12, Loop(_j, Expr.Min(Expr.Index(40), (7 - _i) * 40), _c.Set(Exp(_t.At(_i)), _i, _j))), _a, _t, _c);
        var hoisted = HoistInvariants.Run(m);
        AssertSame(m, hoisted, "hoist_invariants");
        Assert.Single(Lets(hoisted));
        Assert.Single(Statements(hoisted.Body()).OfType<If>());
    }

    [Fact]
    public void One_value_is_kept_where_all_lanes_have_the_same()
    {
        var row = new Ramp(_j * 8, Expr.Index(1), 8);
        var m = Module(LoopLevel.Lowered, Loop(_i, 7, Loop(_j, 5, _c.Set(new Load(_a, [_i, row]) / new Broadcast(Exp(_t.At(_i)), 8), _i, row))), _a, _t, _c);
        var hoisted = HoistInvariants.Run(m);
        AssertSame(m, hoisted, "hoist_invariants");
        Assert.False(Assert.Single(Lets(hoisted)).Value.Type.IsVector);
    }

    [Fact]
    public void Cheap_values_stay()
    {
        var m = Rows(_c.Set(_a.At(_i, _j) - _t.At(_i) * 2, _i, _j));
        Assert.Same(m.Body(), HoistInvariants.Run(m).Body());
    }
}
