using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>What a schedule has split for vectors is one loop again for a compiler that makes its own.</summary>
public class JoinLoopsTests
{
    private readonly Var _o = Var.Index("jo"), _i = Var.Index("ji");
    private readonly Buffer _a = Input("A", ElementType.F32, 64), _c = Output("C", ElementType.F32, 64);

    private LoopModule Split(Expr extent, Stmt body, LoopKind outer = LoopKind.Serial) => Module(LoopLevel.Lowered, Loop(_o, extent, Loop(_i, 8, body, LoopKind.Vectorized), outer), _a, _c);

    private static LoopModule Joined(LoopModule m)
    {
        var joined = JoinLoops.Run(m);
        AssertSame(m, joined, "join_loops");
        return joined;
    }

    [Fact]
    public void A_split_loop_is_one_loop_that_knows_its_vectors()
    {
        var m = Split(Expr.Index(8), _c.Set(_a.At(63 - _o * 8 - _i) + 1, _o * 8 + _i));
        var loop = Assert.IsType<For>(Joined(m).Body());
        Assert.Equal(("j", 64L, 8, LoopKind.Serial), (loop.Variable.Name, ((IntImm)loop.Extent).Value, loop.Lanes, loop.Kind));
        Assert.IsType<Store>(loop.Body);
    }

    [Theory]
    [InlineData(10, LoopLevel.Flat, 1)]
    [InlineData(10, LoopLevel.Lowered, 2)]
    [InlineData(12, LoopLevel.Flat, 2)]
    public void Rows_that_follow_each_other_are_one(long stride, LoopLevel level, int loops)
    {
        var (a, c) = (Input("A", ElementType.F32, 6 * stride), Output("C", ElementType.F32, 6 * stride));
        var at = _o * stride + _i;
        var row = Loop(_i, 10, c.Set(a.At(at) + 1, at));
        var z = Var.Index("z");
        var clear = Loop(z, 6 * stride, c.Set(Expr.Zero(new(ElementType.F32)), z));
        var m = Module(level, Block.Of(clear, Loop(_o, 6, row.With(row.Body, lanes: 4))), a, c);
        var found = Statements(Joined(m).Body()).OfType<For>().Where(f => !ReferenceEquals(f.Variable, z)).ToList();
        Assert.Equal(loops, found.Count);
        Assert.Contains(found, f => f.Lanes == 4);
    }

    [Fact]
    public void The_guard_of_its_tail_becomes_its_end()
    {
        var at = _o * 8 + _i;
        var n = Input("N", ElementType.F32, 61);
        var z = Var.Index("z");
        var clear = Loop(z, 64, _c.Set(Expr.Zero(new(ElementType.F32)), z));
        var m = Module(LoopLevel.Lowered, Block.Of(clear, Loop(_o, 8, Loop(_i, 8, new If(at < 61, _c.Set(n.At(at) + 1, at)), LoopKind.Vectorized))), n, _c);
        var trimmed = TrimLoops.Run(Joined(m));
        AssertSame(m, trimmed, "trim_loops");
        Assert.DoesNotContain(Statements(trimmed.Body()), s => s is If);
        Assert.Contains(Statements(trimmed.Body()).OfType<For>(), f => f is { Lanes: 8, Extent: IntImm { Value: 61 } });
    }

    [Fact]
    public void Copies_of_a_vector_are_one_vector()
    {
        var copy = Loop(_o, 4, Loop(_i, 8, _c.Set(_a.At(_o * 8 + _i), _o * 8 + _i), LoopKind.Vectorized), LoopKind.Unrolled);
        var t = Var.Index("t");
        var m = Module(LoopLevel.Lowered, Loop(t, 2, new TileOf(t, _o).Visit(copy)), _a, _c);
        var loop = Assert.IsType<For>(Joined(m).Body());
        Assert.Equal((64L, 32), (((IntImm)loop.Extent).Value, loop.Lanes));
    }

    // In parts of 32.
    private sealed class TileOf(Var tile, Var copy) : Rewriter
    {
        protected override Expr VisitVar(Var v) => ReferenceEquals(v, copy) ? tile * 4 + v : v;
    }

    public enum Use { Alone, Stride, Comparison, Clamp }

    // An element alone, a stride that is not the vector's, what is asked of single iterations.
    [Theory, InlineData(Use.Alone), InlineData(Use.Stride), InlineData(Use.Comparison), InlineData(Use.Clamp)]
    public void What_needs_both_variables_stays(Use use)
    {
        var at = _o * 8 + _i;
        Expr value = use switch
        {
            Use.Alone => _a.At(_i),
            Use.Stride => _a.At(_o * 4 + _i),
            Use.Comparison => Expr.If(at < 7, _a.At(at), Expr.Zero(new(ElementType.F32))),
            _ => _a.At(Expr.Max(at - 1, Expr.Index(0))),
        };
        var m = Split(Expr.Index(8), _c.Set(value, at));
        Assert.Same(m.Body(), JoinLoops.Run(m).Body());
    }

    [Fact]
    public void Of_flat_indices_a_tile_is_a_row_whatever_is_asked()
    {
        var at = _o * 8 + _i;
        var tile = new For(_i, Expr.Index(0), Expr.Index(8), LoopKind.Serial, _c.Set(Expr.If(at < 7, _a.At(at), Expr.Zero(new(ElementType.F32))), at), lanes: 8);
        var m = Module(LoopLevel.Flat, Loop(_o, 8, tile), _a, _c);
        Assert.Equal(64, Assert.IsType<For>(Joined(m).Body()).Lanes);
    }
}
