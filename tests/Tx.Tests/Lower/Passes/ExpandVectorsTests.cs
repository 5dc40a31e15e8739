using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class ExpandVectorsTests
{
    private readonly Var _i = Var.Index("i"), _l = Var.Index("l");

    [Fact]
    public void Consecutive_elements_become_ramps()
    {
        Buffer a = Input("A", ElementType.F32, 32), c = Output("C", ElementType.F32, 32);
        var at = _i * 8 + _l;
        var v = Expand(Loop(_i, 4, Loop(_l, 8, c.Set(a.At(at) * a.At(at) + a.At(_i), at), LoopKind.Vectorized)), a, c);
        var store = Assert.Single(Statements(v.Body()).OfType<Store>());
        Assert.True(store.Indices[0] is Ramp { Stride: IntImm { Value: 1 } } && store.Predicate is null);
        Assert.Contains(Expressions(v.Body()), e => e is Load { Type.Lanes: 1 });
    }

    [Fact]
    public void A_tail_is_masked()
    {
        Buffer a = Input("A", ElementType.F32, 13), c = Output("C", ElementType.F32, 13);
        var at = _i * 4 + _l;
        var v = Expand(Loop(_i, 4, Loop(_l, 4, new If(at < 13, c.Set(a.At(at) + a.At(_i), at)), LoopKind.Vectorized)), a, c);
        Assert.All(Statements(v.Body()).OfType<Store>(), s => Assert.NotNull(s.Predicate));
    }

    [Fact]
    public void Both_branches_are_computed_and_the_condition_is_read_before_either()
    {
        Buffer a = Input("A", ElementType.I32, 8), c = Output("C", ElementType.I32, 8);
        var zero = Expr.Zero(new(ElementType.I32));
        var body = Block.Of(c.Set(a.At(_l), _l), new If(c.At(_l) > zero, c.Set(zero - c.At(_l), _l), c.Set(c.At(_l) * 2, _l)));
        Expand(Loop(_l, 8, body, LoopKind.Vectorized), a, c);
    }

    [Theory]
    [InlineData(ElementType.F32, BinaryOp.Add), InlineData(ElementType.I32, BinaryOp.Mul), InlineData(ElementType.F32, BinaryOp.Max), InlineData(ElementType.I32, BinaryOp.Xor)]
    public void A_reduction_into_one_element_combines_lanes(ElementType type, BinaryOp op)
    {
        Buffer a = Input("A", type, 13), c = Output("C", type);
        var at = _i * 4 + _l;
        var loop = Loop(_i, 4, Loop(_l, 4, new If(at < 13, c.Set(new Binary(op, c.At(), a.At(at)))), LoopKind.Vectorized));
        var v = Expand(Block.Of(c.Set(a.At(Expr.Index(3))), loop), a, c);
        Assert.Contains(Expressions(v.Body()), e => e is LaneReduce);
    }

    [Fact]
    public void Counting_is_a_reduction_although_the_element_is_the_same_for_all()
    {
        Buffer a = Input("A", ElementType.I32, 8), c = Output("C", ElementType.I32);
        var one = new IntImm(ElementType.I32, 1);
        var m = Expand(Block.Of(c.Set(Expr.Zero(new(ElementType.I32))), Loop(_l, 8, c.Set(c.At() + one), LoopKind.Vectorized)), a, c);
        Assert.Equal("8", Run(m));
    }

    [Fact]
    public void What_has_no_vector_form_is_unrolled()
    {
        Buffer a = Input("A", ElementType.F32, 8), c = Output("C", ElementType.F32);
        // Keeps the last element: lanes have no order.
        var v = Expand(Loop(_l, 8, c.Set(a.At(_l)), LoopKind.Vectorized), a, c);
        Assert.Equal(LoopKind.Unrolled, Assert.IsType<For>(v.Body()).Kind);
        AssertSame(v, UnrollLoops.Run(v), "unroll");
    }

    [Fact]
    public void An_inner_loop_of_its_own_length_in_each_lane_is_unrolled()
    {
        Buffer a = Input("A", ElementType.F32, 8, 8), c = Output("C", ElementType.F32, 8);
        Var k = Var.Index("k");
        var body = Block.Of(c.Set(Expr.Zero(new(ElementType.F32)), _l), Loop(k, _l + 1, c.Set(c.At(_l) + a.At(_l, k), _l)));
        Expand(Loop(_l, 8, body, LoopKind.Vectorized), a, c);
    }

    [Fact]
    public void Serial_loops_and_lets_inside_stay()
    {
        Buffer a = Input("A", ElementType.F32, 5, 8), c = Output("C", ElementType.F32, 8);
        Var k = Var.Index("k"), x = new("x", new(ElementType.F32));
        var body = Block.Of(c.Set(Expr.Zero(new(ElementType.F32)), _l),
            Loop(k, 5, new LetStmt(x, a.At(k, _l), c.Set(c.At(_l) + x * x, _l))));
        var v = Expand(Loop(_l, 8, body, LoopKind.Vectorized), a, c);
        Assert.Contains(Statements(v.Body()), s => s is LetStmt { Variable.Type.Lanes: 8 });
    }

    [Fact]
    public void Every_lane_has_its_own_local_buffer()
    {
        Buffer a = Input("A", ElementType.F32, 3, 8), c = Output("C", ElementType.F32, 8), t = Temporary("t", ElementType.F32, MemoryScope.Local, 3);
        Var k = Var.Index("k"), r = Var.Index("r");
        var body = new Allocate(t, Block.Of(Loop(k, 3, t.Set(a.At(k, _l) * 2, k)), Loop(r, 1, c.Set(t.At(Expr.Index(0)) + t.At(Expr.Index(2)), _l))));
        var v = Expand(Loop(_l, 8, body, LoopKind.Vectorized), a, c);
        Assert.Equal(2, Statements(v.Body()).OfType<Allocate>().Single().Buffer.Shape.Length);
    }

    [Fact]
    public void A_lane_that_is_off_does_not_divide_by_zero()
    {
        Buffer a = Input("A", ElementType.I32, 6), b = Input("B", ElementType.U8, 6), c = Output("C", ElementType.I32, 6);
        var d = Expr.Convert(b.At(_l), ElementType.I32);
        var body = Block.Of(c.Set(Expr.Zero(new(ElementType.I32)), _l), new If(Expr.Ne(d, Expr.Zero(d.Type)), c.Set(a.At(_l) / d, _l)));
        var m = Expand(Loop(_l, 6, body, LoopKind.Vectorized), a, b, c);
        AssertSame(m, Tx.Lower.Pipeline.Run(m, Target), "pipeline");
    }

    [Fact]
    public void Diagonals_and_strides_are_gathered()
    {
        Buffer a = Input("A", ElementType.F32, 8, 16), c = Output("C", ElementType.F32, 8);
        var m = Module(LoopLevel.Lowered, Loop(_l, 8, c.Set(a.At(_l, _l) + a.At(_l, Expr.Index(3)) + a.At(Expr.Index(2), _l * 2), _l), LoopKind.Vectorized), a, c);
        AssertLowers(m);
    }

    [Fact]
    public void Fused_indices_flatten_to_a_ramp()
    {
        Buffer a = Input("A", ElementType.F32, 7, 7), c = Output("C", ElementType.F32, 7, 7);
        var f = _i * 7 + _l;
        var m = Module(LoopLevel.Lowered, Loop(_i, 7, Loop(_l, 7, c.Set(a.At(f / 7, f % 7), f / 7, f % 7), LoopKind.Vectorized)), a, c);
        // Without ranges to simplify by, as in a fused loop whose vectors cross rows.
        var flat = FlattenStorage.Run(ScalarizeRegisters.Run(ExpandVectors.Run(m)));
        AssertSame(m, flat, "flatten_storage");
        Assert.True(Statements(flat.Body()).OfType<Store>().Single().Indices[0] is Ramp { Stride: IntImm { Value: 1 } }, IrPrinter.Print(flat));
    }

    [Theory]
    [InlineData(0), InlineData(1)]
    public void A_check_holds_for_all_lanes_that_are_on(int limit)
    {
        Buffer a = Input("A", ElementType.U8, 8), c = Output("C", ElementType.U8, 8);
        var value = Expr.Convert(a.At(_l), ElementType.I64);
        var body = Block.Of(c.Set(a.At(_l), _l), new If(value > 100 * (1 - limit), new Check(value <= 50, 0, [])));
        var m = new LoopModule([Module(LoopLevel.Lowered, Loop(_l, 8, body, LoopKind.Vectorized), a, c).Functions[0].With(messages: [new("TX5101", "too large", null)])], LoopLevel.Lowered);
        Assert.Contains(Expressions(ExpandVectors.Run(m).Body()), e => e is LaneReduce { Op: BinaryOp.And });
        AssertLowers(m);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(1000)]
    public void Lanes_that_are_no_vector(int lanes)
    {
        Buffer a = Input("A", ElementType.F32, Math.Max(1, lanes)), c = Output("C", ElementType.F32, Math.Max(1, lanes));
        var m = Module(LoopLevel.Lowered, Block.Of(c.Set(a.At(Expr.Index(0)), Expr.Index(0)), Loop(_i, Math.Max(1, lanes), c.Set(a.At(_i), _i)),
            Loop(_l, lanes, c.Set(a.At(_l) + a.At(_l), _l), LoopKind.Vectorized)), a, c);
        AssertLowers(m);
    }

    private static LoopModule Expand(Stmt body, params Buffer[] parameters)
    {
        var m = Module(LoopLevel.Lowered, body, [.. parameters]);
        var v = ExpandVectors.Run(m);
        AssertSame(m, v, "expand_vectors");
        Assert.Same(v, ExpandVectors.Run(v));
        AssertLowers(m);
        return v;
    }
}
