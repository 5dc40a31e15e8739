using System.Collections.Immutable;
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

    // Rows are written and read somewhere near y, in some order, under some conditions; the ring is also run.
    [Fact]
    public void A_ring_that_is_proved_loses_nothing()
    {
        var verdicts = new int[3];
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var t = new Buffer("T", ElementType.F32, [Expr.Index(40)], BufferRole.Temporary);
            var y = Var.Index("y");
            var parts = Enumerable.Range(0, random.Next(2, 5)).Select(n => Part(n == 0)).ToList();
            var carrier = Loop(y, random.Next(3, 8), Block.Of(parts));
            long factor = random.Next(1, 6);
            var r = RingFold.Check(new Allocate(t, carrier), carrier, t, 0, factor, new(_prover, [], []));
            verdicts[(int)r.Verdict]++;
            bool loses = Loses(carrier, factor);
            Assert.False(r.IsProved && loses, $"seed {seed}, {factor}: {r}\n{carrier}");
            Assert.False(r.Verdict is DependenceVerdict.Refuted && !loses, $"seed {seed}, {factor}: {r}\n{carrier}");

            Stmt Part(bool isWrite)
            {
                var i = Var.Index("i");
                Expr at = (Expr)y * random.Next(1, 3) + i + random.Next(3);
                isWrite |= random.Next(3) == 0;
                Stmt s = isWrite ? t.Set(new FloatImm(ElementType.F32, 1), at) : new Store(new Buffer("Y", ElementType.F32, [Expr.Index(1)], BufferRole.Output), [Expr.Index(0)], t.At(at));
                if (random.Next(3) == 0) s = new If((Expr)y >= random.Next(1, 3), s);
                return Loop(i, random.Next(1, 4), s);
            }
        }
        Assert.True(verdicts[0] > 50 && verdicts[1] > 50 && verdicts[2] < 60, string.Join(" ", verdicts));
    }

    private static bool Loses(Stmt scope, long factor)
    {
        var held = new Dictionary<long, long>();
        var written = new HashSet<long>();
        bool lost = false;
        Run(scope, ImmutableDictionary<Var, long>.Empty);
        return lost;

        void Run(Stmt s, ImmutableDictionary<Var, long> point)
        {
            var at = new PointEvaluator(point);
            switch (s)
            {
                case For f: for (long i = 0; i < at.Evaluate(f.Extent); i++) Run(f.Body, point.SetItem(f.Variable, i)); break;
                case Block b: foreach (var x in b.Statements) Run(x, point); break;
                case If i: if (at.IsTrue(i.Condition)) Run(i.Then, point); break;
                case Store { Value: Load l }:
                    long read = at.Evaluate(l.Indices[0])!.Value;
                    lost |= written.Contains(read) && held[read % factor] != read;
                    break;
                case Store t:
                    long e = at.Evaluate(t.Indices[0])!.Value;
                    written.Add(e);
                    held[e % factor] = e;
                    break;
            }
        }
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
