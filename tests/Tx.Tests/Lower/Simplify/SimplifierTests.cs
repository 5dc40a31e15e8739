using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Simplify;

public class SimplifierTests
{
    private readonly Var _io = Var.Index("io"), _ii = Var.Index("ii"), _n = Var.Index("n");

    private RangeContext Context()
    {
        var context = new RangeContext();
        context.Bind(_n, ConstInterval.NonNegative);
        context.BindLoop(_io, IntImm.Index(0), Expr.CeilDiv(_n, 8));
        context.BindLoop(_ii, IntImm.Index(0), IntImm.Index(8));
        return context;
    }

    private string S(Expr e) => Simplifier.Simplify(e, Context()).ToString();

    [Fact]
    public void Random_expressions_keep_their_value_and_settle()
    {
        for (int seed = 0; seed < 4000; seed++)
        {
            var source = new IndexExpressions(seed);
            var e = seed % 3 == 0 ? source.Condition(3) : source.Index(4);
            var context = new RangeContext();
            foreach (var (v, min, extent) in source.Variables) context.BindLoop(v, IntImm.Index(min), IntImm.Index(extent));
            var s = Simplifier.Simplify(e, context);
            Assert.True(ReferenceEquals(s, Simplifier.Simplify(s, context)), $"seed {seed}: {e}\n{s}\n{Simplifier.Simplify(s, context)}");
            for (int trial = 0; trial < 12; trial++)
            {
                var values = source.Assignment();
                Assert.True(IndexExpressions.Evaluate(e, values) == IndexExpressions.Evaluate(s, values), $"seed {seed}: {e}\n{s}");
            }
        }
    }

    [Fact]
    public void Split_indices_come_back()
    {
        Assert.Equal("io", S((_io * 8 + _ii) / 8));
        Assert.Equal("ii", S((_io * 8 + _ii) % 8));
        Assert.Equal("io * 8 + ii", S((_io * 8 + _ii) / 8 * 8 + (_io * 8 + _ii) % 8));
        Assert.Equal("n", S(_n / 8 * 8 + _n % 8));
        Assert.Equal("io * 2", S((_io * 16 + _ii) / 8));
        Assert.Equal("n / 32", S(_n / 4 / 8));
        Assert.Equal("n % 4", S(_n % 8 % 4));
        Assert.Equal("ii % 2 * 4 + 1", S((_ii * 4 + 1) % 8));
    }

    [Fact]
    public void Comparisons_are_decided_by_symbolic_bounds()
    {
        Assert.Equal("true", S(_io * 8 < _n));
        Assert.Equal("io * 8 + ii < n", S(_io * 8 + _ii < _n));
        Assert.Equal("true", S(_io * 8 + _ii < _n + 8));
        Assert.Equal("ii < 4", S(_ii + 3 < 7));
        Assert.Equal("io < 3", S(_io * 8 < 20));
        Assert.Equal("false", S(Expr.Eq(_io * 4 + 1, _ii * 2)));
        Assert.Equal("7", S(Expr.Max(_ii, Expr.Index(7))));
        Assert.Equal("min(n - io * 8, 8)", S(Expr.Min(_n - _io * 8, Expr.Index(8))));
    }

    [Fact]
    public void Conditions_on_the_path_are_known_inside()
    {
        var a = new Buffer("A", ElementType.F32, [_n], BufferRole.Output);
        Stmt Set(Expr i) => new Store(a, [i], new FloatImm(ElementType.F32, 1));
        var guarded = new If(_io * 8 + _ii < _n, new If(Expr.And(_ii + _io * 8 < _n + 1, _ii >= 0), Set(_io * 8 + _ii)));
        var nest = new For(_io, IntImm.Index(0), Expr.CeilDiv(_n, 8), LoopKind.Parallel, new For(_ii, IntImm.Index(0), IntImm.Index(8), LoopKind.Serial, guarded));
        Assert.Equal("""
            for io in 0..(n + 7) / 8 parallel {
              for ii in 0..8 {
                if io * 8 + ii < n {
                  A[io * 8 + ii] = 1.0;
                }
              }
            }

            """, Simplifier.Simplify(nest).ToString());
    }

    [Fact]
    public void Loops_of_one_or_no_iteration_and_dead_lets_disappear()
    {
        var (a, x) = (new Buffer("A", ElementType.I32, [_n], BufferRole.Output), Var.Index("x"));
        Stmt Set(Expr i) => new Store(a, [i], new IntImm(ElementType.I32, 1));
        Assert.Equal("n + 3", S(new Let(x, _n * 5, new Let(Var.Index("y"), x + 1, _n + 3))));
        Assert.Equal("A[n + 3] = 1i32;\n", Simplifier.Simplify(new LetStmt(x, new Binary(BinaryOp.Mul, _n, _n), new For(_ii, _n + 1, IntImm.Index(1), LoopKind.Serial, Set(_ii + 2)))).ToString());
        Assert.Same(Block.Empty, Simplifier.Simplify(new For(_ii, _n, new Binary(BinaryOp.Sub, _n, _n), LoopKind.Serial, Set(_ii))));
        Assert.Equal("A[1] = 1i32;\n", Simplifier.Simplify(new If(new Binary(BinaryOp.Lt, IntImm.Index(3), IntImm.Index(2)), Set(_n), Set(IntImm.Index(1)))).ToString());
    }

    [Fact]
    public void Values_from_memory_may_wrap_so_nothing_is_concluded_from_them()
    {
        var a = new Buffer("A", ElementType.I64, [_n], BufferRole.Input);
        Expr load = new Load(a, [_ii]);
        Assert.Equal("(A[ii] * 8 + 3) / 8", S((load * 8 + 3) / 8));
        Assert.Equal("A[ii] < A[ii] + 1", S(load < load + 1));
        var v = Var.Index("v");
        Assert.Equal("(let v = A[ii] in (v + 1 - 1) / 8 + v)", S(new Let(v, load, (v + 1 - 1) / 8 + v)).Replace("v + 0", "v", StringComparison.Ordinal));
    }

    [Fact]
    public void Floats_change_only_by_identities_that_keep_every_bit()
    {
        var x = new Var("x", new(ElementType.F32));
        Expr F(double v) => new FloatImm(ElementType.F32, v);
        Assert.Equal("x", S(new Binary(BinaryOp.Mul, x, F(1))));
        Assert.Equal("x", S(new Binary(BinaryOp.Sub, x, F(0))));
        Assert.Equal("x * 0.0", S(new Binary(BinaryOp.Mul, x, F(0))));
        Assert.Equal("x + 0.0", S(new Binary(BinaryOp.Add, x, F(0))));
        Assert.Equal("x == x", S(new Binary(BinaryOp.Eq, x, x)));
        Assert.Equal("0.1", S(new Binary(BinaryOp.Mul, F((float)0.1), F(1))));
    }

    [Fact]
    public void Division_by_a_zero_constant_stays()
    {
        Assert.Equal("5 / 0", S(new Binary(BinaryOp.Div, IntImm.Index(5), IntImm.Index(0))));
        Assert.Equal("n % 0", S(new Binary(BinaryOp.Mod, _n, IntImm.Index(0))));
    }

    [Fact]
    public void Vectors_of_indices_become_ramps()
    {
        Expr ramp = new Ramp(_io * 8, IntImm.Index(1), 8);
        Assert.Equal("ramp(io * 8 + n, 1, 8)", S(ramp + _n));
        Assert.Equal("ramp(io * 16, 2, 8)", S(ramp * 2));
        Assert.Equal("broadcast(io, 8)", S(ramp / 8));
        Assert.Equal("ramp(0, 1, 8)", S(ramp % 8));
        Assert.Equal("broadcast(true, 8)", S(new Ramp(_ii, IntImm.Index(1), 4) < 11).Replace("4)", "8)", StringComparison.Ordinal));
    }
}
