using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Interpreter;

public class LoopInterpreterTests
{
    private static readonly Var s_i = Var.Index("i"), s_j = Var.Index("j"), s_k = Var.Index("k");

    private static Expr N(long n) => IntImm.Index(n);
    private static Expr F(double x) => new FloatImm(ElementType.F32, x);
    private static Buffer Input(string name, params long[] shape) => new(name, ElementType.F32, [.. shape.Select(N)], BufferRole.Input);
    private static Buffer Output(string name, params long[] shape) => new(name, ElementType.F32, [.. shape.Select(N)], BufferRole.Output);
    private static For Loop(Var v, long n, Stmt body, LoopKind kind = LoopKind.Serial, string? axis = null) => new(v, N(0), N(n), kind, body, axis);

    private static LoopFunction Function(Stmt body, ImmutableArray<Buffer> parameters, params ImmutableArray<Buffer> temporaries) =>
        new() { Name = "f", Parameters = parameters, Dims = [], Temporaries = temporaries, Body = body, Messages = [new("TX5001", "bad {0}", null)] };

    private static DenseArray Array(Buffer b, Func<long, double> value)
    {
        var a = new DenseArray(b.Type, [.. b.Shape.Select(e => ((IntImm)e).Value)]);
        for (long i = 0; i < a.Count; i++) a[i] = b.Type.IsFloat ? Scalar.Of(b.Type, value(i)) : Scalar.Of(b.Type, (long)value(i));
        return a;
    }

    private static FaultKind FaultOf(LoopFunction f, params ImmutableArray<DenseArray> inputs) => Assert.Throws<InterpreterFaultException>(() => LoopInterpreter.Run(f, inputs)).Kind;

    private static (LoopFunction Function, DenseArray A, DenseArray B) Matmul(LoopKind inner, int split)
    {
        Buffer a = Input("A", 5, 7), b = Input("B", 7, 3), c = Output("C", 5, 3);
        Var ko = Var.Index("ko"), ki = Var.Index("ki"), x = Var.Index("x"), y = Var.Index("y"), r = Var.Index("r");
        Expr element = new Load(c, [x, y]);
        var instance = new Instance("C",
            [new(x, N(0), N(5), IterKind.Spatial, s_i), new(y, N(0), N(3), IterKind.Spatial, s_j), new(r, N(0), N(7), IterKind.Reduction, ko * split + ki)],
            [], [], new Store(c, [x, y], F(0)), new Store(c, [x, y], element + new Load(a, [x, r]) * new Load(b, [r, y])), true);
        var body = Loop(s_i, 5, Loop(s_j, 3, Loop(ko, (7 + split - 1) / split, Loop(ki, split, instance, inner))), LoopKind.Parallel);
        return (Function(body, [a, b, c]), Array(a, i => i - 3), Array(b, i => 2 * i + 1));
    }

    [Theory]
    [InlineData(1), InlineData(3), InlineData(8)]
    public void Instances_run_inside_their_domain_and_start_with_init(int split)
    {
        var (f, a, b) = Matmul(LoopKind.Serial, split);
        var c = LoopInterpreter.Run(f, [a, b], options: new(Seed: split)).Outputs[0];
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 3; j++)
                Assert.Equal(Enumerable.Range(0, 7).Sum(k => (i * 7 + k - 3.0) * (2 * (k * 3 + j) + 1)), c[i * 3 + j].Real);
    }

    [Fact]
    public void A_parallel_reduction_is_a_conflict()
    {
        var (f, a, b) = Matmul(LoopKind.Parallel, 4);
        var fault = Assert.Throws<InterpreterFaultException>(() => LoopInterpreter.Run(f, [a, b]));
        Assert.Equal((FaultKind.Conflict, "C"), (fault.Kind, fault.Buffer));
        Assert.Contains("ki = ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_a_neighbour_that_another_agent_writes_is_a_conflict_for_every_seed()
    {
        Buffer a = Output("A", 8);
        var fill = Loop(s_j, 8, new Store(a, [s_j], F(1)));
        var shift = Loop(s_i, 7, new Store(a, [s_i], new Load(a, [s_i + 1])), LoopKind.Parallel);
        for (int seed = 0; seed < 20; seed++)
            Assert.Equal(FaultKind.Conflict, Assert.Throws<InterpreterFaultException>(() => LoopInterpreter.Run(Function(Block.Of(fill, shift), [a]), [], options: new(seed))).Kind);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void A_barrier_orders_what_the_agents_of_a_group_do(bool barrier)
    {
        Buffer shared = new("S", ElementType.F32, [N(6)], BufferRole.Temporary, MemoryScope.Shared), c = Output("C", 2, 6);
        var write = new Store(shared, [s_i], Expr.Convert(s_i, ElementType.F32));
        var read = new Store(c, [s_k, s_i], new Load(shared, [(s_i + 1) % 6]));
        Stmt body = barrier ? Block.Of(write, new Effect(EffectKind.Barrier, "block", [], []), read) : Block.Of(write, read);
        var f = Function(Loop(s_k, 2, new Allocate(shared, Loop(s_i, 6, body, LoopKind.Bound, "thread.x")), LoopKind.Bound, "block.x"), [c]);
        for (int seed = 0; seed < 5; seed++)
            if (barrier) Assert.Equal(1, LoopInterpreter.Run(f, [], options: new(seed)).Outputs[0][6].Real);
            else Assert.Throws<InterpreterFaultException>(() => LoopInterpreter.Run(f, [], options: new(seed)));
    }

    [Fact]
    public void A_barrier_that_not_all_reach_and_a_wait_without_end_are_faults()
    {
        var c = Output("C", 4);
        var barrier = new Effect(EffectKind.Barrier, "", [], []);
        Assert.Equal(FaultKind.MissedBarrier, FaultOf(Function(Loop(s_i, 4, new If(s_i < 2, barrier), LoopKind.Bound, "thread.x"), [c])));
        Assert.Equal(FaultKind.Deadlock, FaultOf(Function(Loop(s_i, 2, new Effect(EffectKind.Pop, "q", [], []), LoopKind.Virtual), [c])));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Tokens_order_producer_and_consumer(bool tokens)
    {
        Buffer slot = new("slot", ElementType.F32, [N(1)], BufferRole.Temporary), c = Output("C", 5);
        Stmt Token(EffectKind kind, string queue) => tokens ? new Effect(kind, queue, [], []) : Block.Empty;
        var produce = Loop(s_j, 5, Block.Of(Token(EffectKind.Pop, "free"), new Store(slot, [N(0)], Expr.Convert(s_j, ElementType.F32)), Token(EffectKind.Push, "full")));
        var consume = Loop(s_k, 5, Block.Of(Token(EffectKind.Pop, "full"), new Store(c, [s_k], new Load(slot, [N(0)])), Token(EffectKind.Push, "free")));
        var body = Block.Of(new Store(slot, [N(0)], F(0)), Token(EffectKind.Push, "free"), Loop(s_i, 2, new If(s_i < 1, produce, consume), LoopKind.Virtual));
        var f = Function(body, [c], slot);
        if (tokens)
            for (int seed = 0; seed < 5; seed++)
                Assert.Equal([0, 1, 2, 3, 4], Enumerable.Range(0, 5).Select(k => LoopInterpreter.Run(f, [], options: new(seed)).Outputs[0][k].Real));
        else Assert.Equal(FaultKind.Conflict, FaultOf(f));
    }

    [Fact]
    public void Accesses_outside_and_reads_of_nothing_are_faults()
    {
        Buffer a = Input("A", 4), t = new("t", ElementType.F32, [N(4)], BufferRole.Temporary), c = Output("C", 4);
        var input = Array(a, i => i);
        Assert.Equal(FaultKind.OutOfBounds, FaultOf(Function(Loop(s_i, 4, new Store(c, [s_i], new Load(a, [s_i + 1]))), [a, c]), input));
        Assert.Equal(FaultKind.Uninitialised, FaultOf(Function(Loop(s_i, 4, new Store(c, [s_i], new Load(t, [s_i]))), [a, c], t), input));
        Assert.Equal(FaultKind.Unwritten, FaultOf(Function(Loop(s_i, 3, new Store(c, [s_i], new Load(a, [s_i]))), [a, c]), input));
        Assert.Equal(FaultKind.TooManySteps, Assert.Throws<InterpreterFaultException>(() =>
            LoopInterpreter.Run(Function(Loop(s_i, 1L << 40, new Store(c, [N(0)], F(1))), [c]), [], options: new(MaxSteps: 1000))).Kind);
    }

    [Fact]
    public void Masked_lanes_are_neither_read_nor_written_nor_divided()
    {
        Buffer a = new("A", ElementType.I32, [N(6)], BufferRole.Input), c = new("C", ElementType.I32, [N(6)], BufferRole.Output);
        Expr at = new Ramp(s_i * 4, N(1), 4), mask = at < 6;
        Stmt Nest(Expr value) => Loop(s_i, 2, new Store(c, [at], value, mask));
        var input = Array(a, i => i + 1);
        Expr twelve = new Broadcast(new IntImm(ElementType.I32, 12), 4), load = new Load(a, [at], mask);
        var result = LoopInterpreter.Run(Function(Nest(twelve / load), [a, c]), [input]).Outputs[0];
        Assert.Equal([12, 6, 4, 3, 2, 2], Enumerable.Range(0, 6).Select(i => result[i].Integer));
        Assert.Equal(FaultKind.OutOfBounds, FaultOf(Function(Nest(new Load(a, [at])), [a, c]), input));
        Assert.Equal(FaultKind.DivisionByZero, FaultOf(Function(Nest(twelve / load), [a, c]), Array(a, i => i)));
    }

    [Fact]
    public void A_failed_check_ends_the_run_with_its_values()
    {
        Buffer c = Output("C", 1);
        var f = Function(Block.Of(new Check(N(3) < Expr.Index(5), 0, []), new Check(new Binary(BinaryOp.Lt, N(5), N(3)), 0, [N(42)])), [c]);
        var check = LoopInterpreter.Run(f, []).Check!;
        Assert.Equal("TX5001", check.Message.Code);
        Assert.Equal(42, Assert.Single(check.Values));
    }

    [Fact]
    public void Residues_do_not_see_the_order_of_a_sum_but_see_a_missing_term()
    {
        Buffer a = Input("A", 9), c = Output("C");
        LoopFunction Sum(Func<Expr, Expr> index, long count) => Function(Block.Of(new Store(c, [], F(0)),
            Loop(s_i, count, new Store(c, [], new Load(c, []) + Expr.Make(Intrinsic.Exp, new Load(a, [index(s_i)])) / F(3)))), [a, c]);
        var input = Array(a, i => Math.Pow(10, i - 4) + 0.1);
        long Run(LoopFunction f) => LoopInterpreter.Run(f, [input], options: new(Domain: ModularDomain.Instance)).Values[0][0];
        Assert.Equal(Run(Sum(i => i, 9)), Run(Sum(i => 8 - i, 9)));
        Assert.NotEqual(Run(Sum(i => i, 9)), Run(Sum(i => i, 8)));
    }

    [Theory]
    [InlineData(0.1, 3.5), InlineData(-7.25, 1e-30), InlineData(1e20, -4)]
    public void Residues_of_exact_results_agree_with_floats(double x, double y)
    {
        var d = ModularDomain.Instance;
        long Of(double v) => d.FromScalar(Scalar.Of(ElementType.F64, v));
        Assert.Equal(Of(y), d.Apply(BinaryOp.Sub, ElementType.F64, d.Apply(BinaryOp.Add, ElementType.F64, Of(x), Of(y)), Of(x)));
        Assert.Equal(Of(x), d.Apply(BinaryOp.Div, ElementType.F64, d.Apply(BinaryOp.Mul, ElementType.F64, Of(x), Of(y)), Of(y)));
        Assert.Equal(Of(-x * 8), d.Negate(ElementType.F64, d.Apply(BinaryOp.Mul, ElementType.F64, Of(x), Of(8))));
    }

    [Fact]
    public void Layouts_and_flat_accesses_find_their_elements()
    {
        Var x = Var.Index("x"), y = Var.Index("y");
        Buffer a = Input("A", 4, 6), c = new("C", ElementType.F32, [N(4), N(6)], BufferRole.Output, layout: new([x, y], [N(3), N(4), N(2)], [y / 2, x, y % 2]));
        var nest = Loop(s_i, 4, Loop(s_j, 6, new Store(c, [s_j / 2 * 8 + s_i * 2 + s_j % 2], new Load(a, [s_i * 6 + s_j]))));
        var input = Array(a, i => i);
        var result = LoopInterpreter.Run(Function(nest, [a, c]), [input]).Outputs[0];
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (double)i), Enumerable.Range(0, 24).Select(i => result[i].Real));
    }

    [Fact]
    public void Copies_and_launches_run()
    {
        Buffer a = Input("A", 4, 5), t = new("t", ElementType.F32, [N(2), N(2)], BufferRole.Temporary), c = Output("C", 2, 2);
        Buffer from = Input("X", 2, 2), to = Output("Y", 2, 2);
        var kernel = new LoopFunction
        {
            Name = "twice", Target = "gpu", Parameters = [from, to], Dims = [], Temporaries = [],
            Body = Loop(s_i, 2, Loop(s_j, 2, new Store(to, [s_i, s_j], new Load(from, [s_i, s_j]) * F(2))), LoopKind.Bound, "block.x"),
        };
        var host = Function(Block.Of(new Effect(EffectKind.Copy, "dma", [t, a], [N(0), N(0), N(1), N(2), N(2), N(2)]), new Launch("twice", [t, c], [N(2)], [N(1)])), [a, c], t);
        var result = LoopInterpreter.Run(new LoopModule([host, kernel], LoopLevel.Expanded), "f", [Array(a, i => i)]).Outputs[0];
        Assert.Equal([14, 16, 24, 26], Enumerable.Range(0, 4).Select(i => result[i].Real));
    }
}
