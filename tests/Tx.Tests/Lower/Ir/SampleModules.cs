using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Ir;

/// <summary>Modules that hold one of every node, and follow the rules of their levels.</summary>
internal static class SampleModules
{
    private static Expr N(long n) => IntImm.Index(n);

    public static LoopModule Scheduled()
    {
        Var m = Var.Index("M"), n = Var.Index("N"), io = Var.Index("io"), ii = Var.Index("ii"), j = Var.Index("j"), x = Var.Index("i"), y = Var.Index("j"), k = Var.Index("k"), r = Var.Index("r");
        Buffer a = new("A", ElementType.F32, [m, n], BufferRole.Input), c = new("C", ElementType.F32, [m, n], BufferRole.Output);
        Var p = Var.Index("p"), q = Var.Index("q");
        Buffer packed = new("A.pack", ElementType.F32, [m, n], BufferRole.Temporary, layout: new([p, q], [Expr.CeilDiv(m, 8), n, N(8)], [p / 8, q, p % 8]));
        Buffer named = new("i", ElementType.U8, [], BufferRole.Temporary, MemoryScope.Named, device: 2, memory: "l1 \"fast\"");
        var instance = new Instance("C",
            [new(x, N(0), m, IterKind.Spatial, io * 8 + ii), new(y, N(0), n, IterKind.Spatial, j), new(r, N(1), n - 1, IterKind.Reduction, k), new(Var.Index("o"), N(0), N(1), IterKind.Opaque, N(0))],
            [new(a, [x, r], [N(1), N(1)])], [new(c, [x, y], [N(1), N(1)])],
            new Store(c, [x, y], new FloatImm(ElementType.F32, 0)), new Store(c, [x, y], new Load(c, [x, y]) + new Load(a, [x, r]) * new FloatImm(ElementType.F32, (float)-0.1)), true);
        Stmt nest = new For(io, N(0), Expr.CeilDiv(m, 8), LoopKind.Parallel, new For(ii, N(0), N(8), LoopKind.Vectorized,
            new For(j, N(-2), n + 2, LoopKind.Unrolled, new For(k, N(1), N(11), LoopKind.Virtual, instance))));
        return new([new()
        {
            Name = "matmul", Parameters = [a, c], Dims = [(m, a, 0), (n, a, 1)], Temporaries = [packed, named], Messages = [new("TX5001", "`{0}` of \"A\"\nis wrong", null)],
            Body = Block.Of(new Check(Expr.And(m > 0, Expr.Not(Expr.Eq(n % 8, N(3)))), 0, [m, n]), nest, Call(a, c), new InstructionCall("clear", null, new Store(c, [N(0), N(0)], new FloatImm(ElementType.F32, 0)))),
        }], LoopLevel.Scheduled);
    }

    private static InstructionCall Call(Buffer a, Buffer c)
    {
        Var l = Var.Index("l");
        ImmutableArray<Expr> row = [N(2), new Ramp(N(0), N(1), 8)];
        var body = new For(l, N(0), N(8), LoopKind.Serial, new Store(c, [N(2), l], new Load(c, [N(2), l]) + new Load(a, [N(2), l])));
        IrType ints = new(ElementType.I32, 8);
        return new("add \"8\"", new(
        [
            new(EmitKind.Intrinsic, "llvm.add", [Of(new Load(c, row)), Of(new Load(a, row), ints), Of(new Load(a, [N(0), N(0)]), new(ElementType.I32), 8)], ints, -1),
            new(EmitKind.Operation, "shufflevector", [Made(0, ints), Made(0, ints), new(null, -1, [0, 9, 2, 11, -4], new(ElementType.I32, 5), null, 0)], ints, -1),
            new(EmitKind.Assembly, "vpaddd $0, $1, \"$$2\"", [Made(1, ints)], new(c.Type, 8), 0),
        ], ["avx2", "fma"], c, row), body);
    }

    private static InstructionArgument Of(Expr value, IrType? bits = null, int lanes = 0) => new(value, -1, [], value.Type, bits, lanes);

    private static InstructionArgument Made(int earlier, IrType type) => new(null, earlier, [], type, null, 0);

    public static LoopModule Expanded()
    {
        Var i = Var.Index("i"), t = Var.Index("t"), v = new("v", new(ElementType.F32, 8)), s = new("for", new(ElementType.I32));
        Var outer = Var.Index("i");
        Buffer a = new("A", ElementType.F32, [N(64)], BufferRole.Input), b = new("B", ElementType.I32, [N(64)], BufferRole.Output), acc = new("B.acc", ElementType.F32, [N(16)], BufferRole.Temporary, MemoryScope.Register);
        Buffer q = new("B", ElementType.I32, [N(64)], BufferRole.Temporary, MemoryScope.Shared);
        Expr at = new Ramp(i * 8, N(1), 8), mask = at < N(61);
        Expr F(double x) => new FloatImm(ElementType.F32, x);
        Expr I(long x, ElementType type = ElementType.I32) => new IntImm(type, x);
        Expr sum = new LaneReduce(BinaryOp.Max, new Load(acc, [new Ramp(N(8), N(1), 8)]));
        var body = Block.Of(
            new Store(acc, [new Ramp(N(0), N(1), 8)], v * v),
            new If(new Binary(BinaryOp.Or, i < 3, new Binary(BinaryOp.Xor, i > 1, new Binary(BinaryOp.Ne, i, N(2)))), new Store(acc, [N(8)], new Call(Intrinsic.Fma, [F(1), F(double.NegativeInfinity), F(double.NaN)])), Block.Empty),
            new Store(acc, [N(9)], Expr.If(new Call(Intrinsic.IsNan, [F(1e-30f)]), sum, new Unary(UnaryOp.Neg, F(3)) - (F(2) - F(1)))),
            new LetStmt(s, new Cast(CastKind.Saturate, new(ElementType.I32), new Cast(CastKind.Convert, new(ElementType.F64), sum)), Block.Of(
                new Store(b, [at], new Broadcast(new Let(new Var("w", new(ElementType.I32)), s + I(-4), new Unary(UnaryOp.BitNot, new Binary(BinaryOp.TruncDiv, new Binary(BinaryOp.Shl, s, I(2)), I(3)))), 8), mask, nonTemporal: true),
                new Store(q, [i], new Cast(CastKind.Bits, new(ElementType.I32), sum)))),
            new Effect(EffectKind.Copy, "dma", [b, q], [N(0), N(8), N(4)]), new Effect(EffectKind.Fence, "", [], []),
            new InstructionCall("twice", new([new(EmitKind.Intrinsic, "llvm.fabs.v8f32", [Of(new Load(acc, [new Ramp(N(0), N(1), 8)]))], new(ElementType.F32, 8), -1)], ["avx2"], acc, [new Ramp(N(0), N(1), 8)]), new Store(acc, [N(0)], F(1))));
        var thread = new For(i, N(0), N(8), LoopKind.Bound, new LetStmt(v, new Load(a, [at], mask), new Allocate(acc, body)), "thread.x");
        var device = new LoopFunction
        {
            Name = "kernel 1", Target = "gpu", Parameters = [a, b], Dims = [], Temporaries = [],
            Body = new Allocate(q, Block.Of(new Effect(EffectKind.Push, "q", [], []), new For(outer, N(4), N(8), LoopKind.Serial, new Store(q, [outer], I(1))), new LetStmt(t, N(21), thread), new Effect(EffectKind.Barrier, "block", [], []))),
        };
        Buffer x = new("X", ElementType.F32, [N(64)], BufferRole.Input), y = new("Y", ElementType.I32, [N(64)], BufferRole.Output);
        var host = new LoopFunction { Name = "host", Parameters = [x, y], Dims = [], Temporaries = [], Body = new Launch("kernel 1", [x, y], [N(1)], [N(8)]) };
        return new([host, device], LoopLevel.Expanded);
    }
}
