using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Tests.Support;
using static Tx.Tests.Backends.LlvmFixture;

namespace Tx.Tests.Backends;

public sealed class LlvmControlTests(LlvmFixture llvm) : IClassFixture<LlvmFixture>
{
    [Fact]
    public void MatmulWithAnAccumulator()
    {
        const int m = 5, n = 7, k = 11;
        var (a, b, c) = (Input("A", ElementType.F32, m * k), Input("B", ElementType.F32, k * n), Output("C", ElementType.F32, m * n));
        var acc = Local("C.acc", ElementType.F32, MemoryScope.Register, 1);
        var (i, j, l) = (Var.Index("i"), Var.Index("j"), Var.Index("k"));
        Expr zero = Expr.Index(0);
        var body = Loop(i, m, Loop(j, n, new Allocate(acc, Block.Of(
            Put(acc, zero, new FloatImm(ElementType.F32, 0)),
            Loop(l, k, Put(acc, zero, At(acc, zero) + At(a, i * k + l) * At(b, l * n + j))),
            Put(c, i * n + j, At(acc, zero))))));
        var (x, y) = (Ramp(m * k), Ramp(k * n));
        var actual = llvm.Run(Module("matmul", [a, b, c], body), x, y)[0];
        for (int r = 0; r < m; r++)
            for (int s = 0; s < n; s++)
                Assert.Equal(Enumerable.Range(0, k).Sum(t => x[r * k + t].Real * y[t * n + s].Real), actual[r * n + s].Real);
    }

    [Fact]
    public void ParallelLoopWithScratchAndTemporaries()
    {
        // Each row goes through a scratch that is too large for the stack; T outlives its nest.
        const int rows = 37, columns = 3000;
        var (x, y) = (Input("x", ElementType.F32, rows * columns), Output("y", ElementType.F32, rows * columns));
        var t = Temporary("T", ElementType.F32, rows * columns);
        var scratch = Local("row", ElementType.F32, MemoryScope.Local, columns);
        Stmt Nest(Tx.Lower.Ir.Buffer from, Tx.Lower.Ir.Buffer to)
        {
            var (i, j, k) = (Var.Index("i"), Var.Index("j"), Var.Index("k"));
            return Loop(i, rows, new Allocate(scratch, Block.Of(
                Loop(j, columns, Put(scratch, j, At(from, i * columns + j) + new FloatImm(ElementType.F32, 1))),
                Loop(k, columns, Put(to, i * columns + k, At(scratch, columns - 1 - k))))), LoopKind.Parallel);
        }
        var data = Ramp(rows * columns);
        var actual = llvm.Run(Module("twice", [x, y], Block.Of(Nest(x, t), Nest(t, y)), [t]), data)[0];
        for (int p = 0; p < rows * columns; p++) Assert.Equal(data[p].Real + 2, actual[p].Real);
    }

    [Fact]
    public void ParallelLoopWithStartAndOuterValues()
    {
        var (x, y) = (Input("x", ElementType.I64, 1), Output("y", ElementType.I64, 100));
        var (i, o, v) = (Var.Index("i"), Var.Index("o"), Var.Index("v"));
        var body = Loop(o, 2, new LetStmt(v, At(x, Expr.Index(0)) + o,
            new For(i, Expr.Index(10), Expr.Index(90), LoopKind.Parallel, Put(y, i, i * 100 + v))));
        var actual = llvm.Run(Module("outer", [x, y], body), Dense(ElementType.I64, [Scalar.Of(ElementType.I64, 5L)]))[0];
        for (int p = 0; p < 100; p++) Assert.Equal(p < 10 ? 0 : p * 100 + 6, actual[p].Integer);
    }

    [Fact]
    public void LoopsOfUnknownExtentMayBeEmpty()
    {
        var (n, y) = (Input("n", ElementType.I64, 4), Output("y", ElementType.I64, 4));
        var (i, j) = (Var.Index("i"), Var.Index("j"));
        var body = Loop(i, 4, new For(j, Expr.Index(0), At(n, i), LoopKind.Serial, Put(y, i, At(y, i) + 1)));
        var actual = llvm.Run(Module("counts", [n, y], body), Dense(ElementType.I64, new long[] { 0, 3, -2, 1 }.Select(v => Scalar.Of(ElementType.I64, v))))[0];
        Assert.Equal([0, 3, 0, 1], Enumerable.Range(0, 4).Select(p => actual[p].Integer));
    }

    [Fact]
    public void IfElseAndLet()
    {
        var y = Output("y", ElementType.I32, 10);
        var (i, v) = (Var.Index("i"), new Var("v", new(ElementType.I32)));
        var value = new Let(v, Expr.Convert(i, ElementType.I32), new Binary(BinaryOp.Mul, v, v));
        var body = Loop(i, 10, new If(i < 4, Put(y, i, value), Put(y, i, new IntImm(ElementType.I32, -1))));
        var actual = llvm.Run(Module("branches", [y], body))[0];
        Assert.Equal([0, 1, 4, 9, -1, -1, -1, -1, -1, -1], Enumerable.Range(0, 10).Select(p => actual[p].Integer));
    }

    [Theory, InlineData(LoopKind.Serial), InlineData(LoopKind.Parallel)]
    public void CheckFailsWithItsValues(LoopKind kind)
    {
        var (x, y) = (Input("x", ElementType.I64, 8), Output("y", ElementType.I64, 8));
        var i = Var.Index("i");
        var body = Loop(i, 8, Block.Of(new Check(At(x, i) < 10, 1, [i, At(x, i)]), Put(y, i, At(x, i))), kind);
        var module = Module("checked", [x, y], body, null, new("TX5998", "unused", null), new("TX5999", "x[{0}] is {1}", null));
        var good = Dense(ElementType.I64, Enumerable.Range(0, 8).Select(v => Scalar.Of(ElementType.I64, (long)v)));
        Assert.Equal(7, llvm.Run(module, good)[0][7].Integer);
        var bad = Dense(ElementType.I64, Enumerable.Range(0, 8).Select(v => Scalar.Of(ElementType.I64, v == 6 ? 40L : v)));
        var e = Assert.Throws<DiagnosticException>(() => llvm.Run(module, bad));
        Assert.Equal(("TX5999", "x[6] is 40"), (e.Diagnostics[0].Code, e.Diagnostics[0].Message));
    }

    [Theory, InlineData(LoopKind.Serial), InlineData(LoopKind.Parallel)]
    public void CancelStopsALongKernel(LoopKind kind)
    {
        // Hours of work, unless the flag is looked at.
        var y = Output("y", ElementType.I64, 64);
        var (i, j, k) = (Var.Index("i"), Var.Index("j"), Var.Index("k"));
        var body = Loop(i, 1L << 30, Loop(j, 1000, Loop(k, 64, Put(y, k, At(y, k) * 3 + i))), kind);
        using var kernel = llvm.Load(Module("endless", [y], body));
        using var tensor = llvm.Tensor(new DenseArray(ElementType.I64, [64]));
        using var cancel = new CancellationTokenSource(50);
        Assert.Throws<OperationCanceledException>(() => kernel.Invoke([tensor], llvm.Pool, cancel.Token));
    }

    [Fact]
    public void TheSameInputGivesTheSameText()
    {
        static string Text()
        {
            var y = Output("y", ElementType.F32, 8);
            var i = Var.Index("i");
            return LlvmCompiler.EmitText(Module("same", [y], Loop(i, 8, Put(y, i, new FloatImm(ElementType.F32, 1)), LoopKind.Parallel)), CpuTarget.Host());
        }
        Assert.Equal(Text(), Text());
    }

    [Fact]
    public void OddNames()
    {
        var y = Output("größe \"%x\\", ElementType.F32, 4);
        var i = Var.Index("v0");
        Assert.Equal(1, llvm.Run(Module("naïve op", [y], Loop(i, 4, Put(y, i, new FloatImm(ElementType.F32, 1)))))[0][3].Real);
    }

    [Fact]
    public void AThousandNestsCompile()
    {
        const int stages = 1000;
        var x = Input("x", ElementType.I64, 8);
        var y = Output("y", ElementType.I64, 8);
        var temporaries = Enumerable.Range(0, stages - 1).Select(s => Temporary($"t{s}", ElementType.I64, 8)).ToArray();
        var body = Block.Of(Enumerable.Range(0, stages).Select(s =>
        {
            var i = Var.Index("i");
            return Loop(i, 8, Put(s == stages - 1 ? y : temporaries[s], i, At(s == 0 ? x : temporaries[s - 1], i) + 1));
        }));
        var actual = llvm.Run(Module("chain", [x, y], body, temporaries), new DenseArray(ElementType.I64, [8]))[0];
        Assert.Equal(stages, actual[5].Integer);
    }

    [Fact]
    public void DeepExpressionsCompile()
    {
        var y = Output("y", ElementType.I32, 1);
        Expr sum = At(y, Expr.Index(0));
        for (int n = 0; n < 20_000; n++) sum = new Binary(BinaryOp.Add, sum, new IntImm(ElementType.I32, n % 3));
        Assert.Equal(19_999, llvm.Run(Module("deep", [y], Put(y, Expr.Index(0), sum)))[0][0].Integer);
    }

    [Fact]
    public void SharedExpressionsStaySmall()
    {
        var y = Output("y", ElementType.I64, 1);
        Expr e = At(y, Expr.Index(0)) + 1;
        for (int n = 0; n < 60; n++) e = new Binary(BinaryOp.Add, e, e);
        Assert.Equal(1L << 60, llvm.Run(Module("shared", [y], Put(y, Expr.Index(0), e)))[0][0].Integer);
    }

    [Fact]
    public void WhatTheCpuCannotDoIsRefused()
    {
        var y = Output("y", ElementType.F32, 8);
        var i = Var.Index("i");
        var one = Put(y, i, new FloatImm(ElementType.F32, 1));
        void Refused(Stmt body, string code) =>
            Assert.Equal(code, Assert.Throws<DiagnosticException>(() => LlvmCompiler.EmitText(Module("no", [y], body), CpuTarget.Host())).Diagnostics[0].Code);
        Refused(new For(i, Expr.Index(0), Expr.Index(8), LoopKind.Bound, one, "block.x"), "TX4004");
        Refused(Loop(i, 8, Block.Of(one, new Effect(EffectKind.Barrier, "block", [], []))), "TX4004");
        var packed = Local("h", ElementType.U2, MemoryScope.Local, 8);
        Refused(new Allocate(packed, Loop(i, 8, Put(packed, i, new IntImm(ElementType.U2, 1)))), "TX4003");
    }

    private static DenseArray Ramp(int count) => Dense(ElementType.F32, Enumerable.Range(0, count).Select(v => Scalar.Of(ElementType.F32, (double)(v % 17 - 8))));

    // A side of a choice that costs much is branched around; what is evaluated there is evaluated again outside, and within another side.
    [Fact]
    public void A_value_shared_with_a_side_that_is_not_taken()
    {
        static Expr Build(Expr[] operands)
        {
            var x = operands[0];
            Expr costly = x;
            for (int k = 0; k < 60; k++) costly = costly * x + Expr.Constant(Scalar.Of(ElementType.F32, k % 3 - 1.0));
            var v = new Var("v", x.Type);
            var zero = Expr.Constant(Scalar.Of(ElementType.F32, 0.0));
            var inner = Expr.If(x < Expr.Constant(Scalar.Of(ElementType.F32, 0.5)), new Let(v, costly + x, v * v), costly);
            return Expr.If(x > zero, inner, zero) + Expr.If(x < zero, new Let(v, costly, v - x), x) * costly;
        }

        float[] x = [.. Enumerable.Range(-32, 64).Select(i => i / 32f)];
        using var kernel = new FunctionKernel<float>(Build, 1, lanes: 1, x.Length);
        var blocks = kernel.AllocateBlocks();
        x.CopyTo(blocks[0].AsSpan<float>());
        kernel.Invoke(blocks);
        var y = blocks[1].AsSpan<float>();
        for (int i = 0; i < x.Length; i++)
        {
            float a = x[i], costly = a;
            for (int k = 0; k < 60; k++) costly = costly * a + (k % 3 - 1);
            float inner = a < 0.5f ? (costly + a) * (costly + a) : costly;
            Assert.Equal((a > 0 ? inner : 0) + (a < 0 ? costly - a : a) * costly, y[i]);
        }
        foreach (var b in blocks) b.Dispose();
    }
}
