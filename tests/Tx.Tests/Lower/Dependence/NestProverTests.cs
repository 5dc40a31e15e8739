using Tx.Core;
using Tx.Core.Sets;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

public sealed class NestProverTests : IDisposable
{
    private readonly NestProver _prover = new();
    private readonly Var _x = Var.Index("x"), _y = Var.Index("y"), _n = Var.Index("N"), _m = Var.Index("M");

    public void Dispose() => _prover.Dispose();

    private Emptiness Find(params Expr[] conditions) => _prover.Find(conditions, [_n, _m]).Answer;

    [Fact]
    public void Conditions_that_contradict()
    {
        Expr x = _x, y = _y, n = _n;
        Assert.Equal(Emptiness.Empty, Find(x > y, y > x));
        Assert.Equal(Emptiness.Empty, Find(n < 0));
        Assert.Equal(Emptiness.Empty, Find(Expr.Eq(x * 2, y * 2 + 1)));
        Assert.Equal(Emptiness.Empty, Find(Expr.Ne(x / 4 * 4 + x % 4, x)));
        Assert.Equal(Emptiness.Empty, Find(Expr.Min(x, y) > x));
        Assert.Equal(Emptiness.Empty, Find(Expr.If(x < y, x, y) > y));
        Assert.Equal(Emptiness.Empty, Find(Expr.Make(Intrinsic.Abs, x) < 0));
        Assert.Equal(Emptiness.Empty, Find(Expr.Not(Expr.Or(x < y, x >= y))));
        Assert.Equal(Emptiness.Empty, Find(Expr.Make(BinaryOp.TruncMod, x, Expr.Index(3)) > 2));
        var v = Var.Index("v");
        Assert.Equal(Emptiness.Empty, Find(new Let(v, x + 1, v <= x)));
        // A product is the same product.
        Assert.Equal(Emptiness.Empty, Find(x < n * _m, x >= (Expr)_m * n));
        Assert.Equal(Emptiness.Empty, Find(n > 0, x % n >= n));
    }

    [Fact]
    public void Conditions_that_hold_somewhere_have_a_point()
    {
        Expr x = _x, n = _n;
        var r = _prover.Find([x >= 0, x < n, Expr.Eq(x % 4, Expr.Index(3))], [_n]);
        Assert.Equal((Emptiness.NotEmpty, 3L, 4L), (r.Answer, r.Point[_x], r.Point[_n]));
        // Through sizes that are tried: f / N, f % N.
        var f = Var.Index("f");
        var q = _prover.Find([Expr.Index(0) <= f, f < n * _m, Expr.Eq(f / n, Expr.Index(1)), Expr.Eq(f % n, Expr.Index(1))], [_n, _m]);
        Assert.Equal(Emptiness.NotEmpty, q.Answer);
        Assert.Equal(q.Point[f], q.Point[_n] + 1);
    }

    [Fact]
    public void Data_may_be_anything_of_its_type()
    {
        Buffer bytes = Input("D", ElementType.U8, 10), words = Input("W", ElementType.I64, 10), small = Input("S", ElementType.I32, 10);
        Expr x = _x;
        Expr Byte(Expr at) => new Cast(CastKind.Convert, IrType.Index, bytes.At(at));
        Assert.Equal(Emptiness.Empty, Find(Byte(x) > 255));
        Assert.Equal(Emptiness.Unknown, Find(Byte(x) > 254));
        Assert.Equal(Emptiness.Empty, Find(Byte(x) < Byte(x)));
        Assert.Equal(Emptiness.Unknown, Find(Byte(x) < Byte(_y)));
        Assert.Equal(Emptiness.Empty, Find(Byte(x) + 1 > 256));
        // Sums of 64-bit data wrap.
        Assert.Equal(Emptiness.Unknown, Find(words.At(x) + 1 < words.At(x)));
        Assert.Equal(Emptiness.Unknown, Find(new Binary(BinaryOp.Lt, new Binary(BinaryOp.Add, small.At(x), new IntImm(ElementType.I32, 1)), small.At(x))));
    }

    [Fact]
    public void A_quota_of_one_decides_nothing()
    {
        using var prover = new NestProver(quota: 1);
        Assert.Equal(Emptiness.Unknown, prover.Find([(Expr)_x > _y, (Expr)_y > _x], []).Answer);
        Assert.Equal(Emptiness.Unknown, prover.Find([Expr.Eq((Expr)_x * 2, (Expr)_y * 2 + 1)], []).Answer);
    }

    [Fact]
    public void Several_threads_ask_at_once_and_equal_texts_reach_the_library_once()
    {
        Parallel.For(0, 200, n => Assert.Equal(Emptiness.Empty, Find((Expr)_x > n % 7, (Expr)_x < n % 7 - 1)));
        long calls = _prover.SolverCallCount;
        Var a = Var.Index("a");
        Assert.Equal(Emptiness.Empty, _prover.Find([(Expr)a > 3, (Expr)a < 2], []).Answer);
        Assert.Equal(calls, _prover.SolverCallCount);
    }
}
