using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Simplify;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class UnrollAndRegistersTests
{
    private readonly Buffer _a = Input("A", ElementType.F32, 4), _c = Output("C", ElementType.F32, 4);
    private readonly Var _i = Var.Index("i"), _j = Var.Index("j");

    [Fact]
    public void Copies_have_variables_and_buffers_of_their_own()
    {
        var t = Temporary("t", ElementType.F32, MemoryScope.Local, 2);
        var x = new Var("x", new(ElementType.F32));
        var body = new Allocate(t, new LetStmt(x, _a.At(_i), Block.Of(Loop(_j, 2, t.Set(x + x, _j)), _c.Set(t.At(Expr.Index(1)), _i))));
        var m = Module(LoopLevel.Lowered, Loop(_i, 4, body, LoopKind.Unrolled), _a, _c);
        var unrolled = UnrollLoops.Run(m);
        AssertSame(m, unrolled, "unroll");
        Assert.Equal(4, Statements(unrolled.Body()).OfType<Allocate>().Select(a => a.Buffer).Distinct().Count());
        Assert.Equal(4, Statements(unrolled.Body()).OfType<For>().Select(f => f.Variable).Distinct().Count());
        Assert.Equal(4, Statements(unrolled.Body()).OfType<LetStmt>().Select(l => l.Variable).Distinct().Count());
    }

    [Fact]
    public void A_loop_too_large_to_copy_runs_in_order()
    {
        var c = Output("C", ElementType.F32, 1 << 20);
        var m = Module(LoopLevel.Lowered, Loop(_i, 1 << 20, c.Set(_a.At(Expr.Index(0)), _i), LoopKind.Unrolled), _a, c);
        Assert.Equal(LoopKind.Serial, Assert.IsType<For>(UnrollLoops.Run(m).Body()).Kind);
    }

    [Theory]
    [InlineData(LoopKind.Unrolled, MemoryScope.Register), InlineData(LoopKind.Serial, MemoryScope.Local)]
    public void A_register_buffer_with_an_index_that_is_not_constant_becomes_local(LoopKind kind, MemoryScope expected)
    {
        var t = Temporary("t", ElementType.F32, MemoryScope.Register, 4);
        var m = Module(LoopLevel.Lowered, new Allocate(t, Block.Of(Loop(_i, 4, t.Set(_a.At(_i), _i), kind), Loop(_j, 4, _c.Set(t.At(_j), _j), kind))), _a, _c);
        var done = ScalarizeRegisters.Run(Simplifier.Simplify(UnrollLoops.Run(m)));
        AssertSame(m, done, "registers");
        Assert.Equal(LoopLevel.Expanded, done.Level);
        Assert.Equal(expected, Statements(done.Body()).OfType<Allocate>().Single().Buffer.Scope);
    }

    [Fact]
    public void One_level_of_parallel_loops_stays()
    {
        Buffer a = Input("A", ElementType.F32, 3, 4), c = Output("C", ElementType.F32, 3, 4);
        var k = Var.Index("k");
        var m = Module(LoopLevel.Lowered,
            Loop(k, 1, Loop(_i, 3, Loop(_j, 4, c.Set(a.At(_i, _j), _i, _j), LoopKind.Parallel), LoopKind.Parallel), LoopKind.Parallel), a, c);
        var serial = SerializeLoops.Run(m);
        Assert.Equal([LoopKind.Serial, LoopKind.Parallel, LoopKind.Serial], Statements(serial.Body()).OfType<For>().Select(f => f.Kind));
        AssertSame(m, serial, "serialize_loops");
        AssertLowers(serial);
    }

    [Fact]
    public void A_layout_places_elements()
    {
        Var x = Var.Index("x"), y = Var.Index("y");
        var layout = new BufferLayout([x, y], [Expr.Index(2), Expr.Index(3), Expr.Index(4)], [x / 4, y, x % 4]);
        var t = new Buffer("t", ElementType.F32, [Expr.Index(8), Expr.Index(3)], BufferRole.Temporary, MemoryScope.Local, layout);
        Buffer a = Input("A", ElementType.F32, 8, 3), c = Output("C", ElementType.F32, 3, 8);
        Var p = Var.Index("p"), q = Var.Index("q");
        var m = Module(LoopLevel.Lowered, new Allocate(t, Block.Of(
            Loop(_i, 8, Loop(_j, 3, t.Set(a.At(_i, _j), _i, _j))),
            Loop(q, 3, Loop(p, 8, c.Set(t.At(p, q), q, p), LoopKind.Vectorized)))), a, c);
        AssertLowers(m);
    }
}
