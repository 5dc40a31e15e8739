using Tx.Core;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

public sealed class RingFoldTests : IDisposable
{
    private readonly NestProver _prover = new();
    private readonly Var _h = Var.Index("H"), _w = Var.Index("W");

    public void Dispose() => _prover.Dispose();

    // for y in 0..H { for x { T[y, x] = X[y, x] }; if y >= 2 { for x { Y[y - 2, x] = T[y - 2, x] + T[y - 1, x] + T[y, x] } } }
    private (Stmt Scope, For Carrier, Buffer T) SlidingWindow(Expr h, Expr w)
    {
        Buffer x = new("X", ElementType.F32, [h, w], BufferRole.Input), y = new("Y", ElementType.F32, [h - 2, w], BufferRole.Output), t = new("T", ElementType.F32, [h, w], BufferRole.Temporary);
        Var row = Var.Index("y"), a = Var.Index("x"), b = Var.Index("x");
        var produce = Loop(a, w, t.Set(x.At(row, a), row, a));
        var sum = new Binary(BinaryOp.Add, new Binary(BinaryOp.Add, t.At((Expr)row - 2, b), t.At((Expr)row - 1, b)), t.At(row, b));
        var use = new If((Expr)row >= 2, Loop(b, w, y.Set(sum, (Expr)row - 2, b)));
        var carrier = Loop(row, h, Block.Of(produce, use));
        return (new Allocate(t, carrier), carrier, t);
    }

    [Fact]
    public void A_window_of_three_rows_fits_into_three_and_not_into_two()
    {
        foreach (bool symbolic in new[] { false, true })
        {
            var (scope, carrier, t) = SlidingWindow(symbolic ? _h : Expr.Index(64), symbolic ? _w : Expr.Index(32));
            var context = new DependenceContext(_prover, [], symbolic ? [_h, _w] : []);
            Assert.True(RingFold.Check(scope, carrier, t, 0, 4, context).IsProved);
            Assert.True(RingFold.Check(scope, carrier, t, 0, 3, context).IsProved);
            var r = RingFold.Check(scope, carrier, t, 0, 2, context);
            Assert.Equal((DependenceVerdict.Refuted, "T[0, 0] is overwritten by T[2, 0] before it is read"), (r.Verdict, r.Argument));
            Assert.Equal((2L, 2L), (r.Witness!.FirstPoint.At("y"), r.Witness.SecondPoint.At("y")));
            Assert.Equal(DependenceVerdict.Refuted, RingFold.Check(scope, carrier, t, 1, 4, context).Verdict);
        }
    }

    [Fact]
    public void Storage_of_a_parallel_loop_is_not_reused()
    {
        var (scope, carrier, t) = SlidingWindow(Expr.Index(64), Expr.Index(32));
        var parallel = new For(carrier.Variable, carrier.Min, carrier.Extent, LoopKind.Parallel, carrier.Body);
        Assert.Equal((DependenceVerdict.Refuted, "y is not serial"), (RingFold.Check(new Allocate(t, parallel), parallel, t, 0, 4, new(_prover, [], [])).Verdict, "y is not serial"));
        Assert.Equal("the ring holds the whole dimension", RingFold.Check(scope, carrier, t, 0, 64, new(_prover, [], [])).Argument);
    }

    [Fact]
    public void A_quota_of_one_proves_nothing()
    {
        using var prover = new NestProver(quota: 1);
        var (scope, carrier, t) = SlidingWindow(_h, _w);
        foreach (long factor in new long[] { 2, 3, 4 })
            Assert.Equal(DependenceVerdict.Unknown, RingFold.Check(scope, carrier, t, 0, factor, new(prover, [], [_h, _w])).Verdict);
    }
}
