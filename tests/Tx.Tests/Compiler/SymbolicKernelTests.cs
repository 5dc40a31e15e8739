using System.Collections.Immutable;
using Tx.Core;
using Tx.Fuzz;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Runtime;
using Tx.Tests.Lower;
using Tx.Tests.Support;
using Kernel = Tx.Runtime.Kernel;

namespace Tx.Tests.Compiler;

/// <summary>One kernel for all sizes: compiled once, checked and proved for the sizes of each call.</summary>
public sealed class SymbolicKernelTests : IDisposable
{
    private const string Softmax = """
        op softmax(X: f32[M, N]) -> Y: f32[M, N] require N >= 1 {
            peak[i]  = max(j: X[i, j])
            e[i, j]  = exp(X[i, j] - peak[i])
            total[i] = sum(j: e[i, j])
            Y[i, j]  = e[i, j] / total[i]
        }
        """;

    private readonly TensorAllocator _allocator = new();
    private readonly WorkerPool _pool = new(3);
    private readonly KernelCompiler _compiler = new(CpuTarget.Host());

    public void Dispose()
    {
        _compiler.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void One_compilation_serves_all_sizes()
    {
        var text = OperatorText.Bind(Softmax);
        var kernel = _compiler.CompileSymbolic(text.Operator, _ => { });
        foreach (var (m, n) in new[] { (1L, 1L), (0, 5), (3, 1), (7, 31), (64, 33), (300, 2), (2, 5000) }) AssertAgrees(text, kernel, 1e-5, m, n);
        Assert.Same(kernel, _compiler.CompileSymbolic(text.Operator, _ => { }));
        Assert.Equal(1, _compiler.CompiledCount);
        _compiler.Compile(text.Operator, text.Dims(2, 3));
        Assert.Equal(2, _compiler.CompiledCount);
    }

    [Fact]
    public void Sizes_are_admitted_once_each()
    {
        var text = OperatorText.Bind(Softmax);
        var asked = new List<long>();
        var kernel = _compiler.CompileSymbolic(text.Operator, dims => asked.Add(dims.Values.Aggregate(1L, (p, n) => p * n)));
        foreach (long n in new long[] { 4, 4, 9, 4, 9, 9 }) AssertAgrees(text, kernel, 1e-5, 2, n);
        Assert.Equal([8, 18], asked);
    }

    [Fact]
    public void Sizes_that_are_refused_do_not_run_and_are_asked_for_again()
    {
        var text = OperatorText.Bind(Softmax);
        var refusal = new DiagnosticDescriptor("TX5999", Severity.Error, "refused", "refused", "");
        int asked = 0;
        var kernel = _compiler.CompileSymbolic(text.Operator, _ =>
        {
            asked++;
            throw new DiagnosticException(refusal, null);
        });
        for (int i = 0; i < 2; i++) Assert.Equal("TX5999", Code(() => AssertAgrees(text, kernel, 1e-5, 2, 3)));
        Assert.Equal(2, asked);
    }

    [Fact]
    public void An_operator_without_dimensions_is_admitted_when_it_is_compiled()
    {
        var text = OperatorText.Bind("op f(X: f32[4]) -> Y: f32[4] { Y[i] = X[3 - i] }");
        int asked = 0;
        var kernel = _compiler.CompileSymbolic(text.Operator, _ => asked++);
        Assert.Equal(1, asked);
        AssertAgrees(text, kernel, 0);
    }

    [Theory, InlineData("final"), InlineData("llvm"), InlineData("asm")]
    public void What_is_compiled_for_all_sizes_can_be_printed(string stage)
    {
        var result = CommandLine.RunText("print", Softmax, "--op", "softmax", "--stage", stage);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("softmax", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_without_sizes_proves_what_is_owed_for_each_call()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("program.tx", """
            op every(X: f32[N], F: f32[S]) -> Y: f32[N] require S >= 1 { Y[i] = X[i / S * S] + F[i % S] }
            """);
        var output = new QuietOutput();
        using var session = new Session(new() { Threads = 1 }, output);
        Assert.NotNull(session.Load(file));
        var kernel = OperatorRequest.Find(session, "every", ImmutableDictionary<string, long>.Empty).Compile();
        using var x = TensorFill.Range(_allocator, ElementType.F32, 0, 10);
        using var f = TensorFill.Zeros(_allocator, ElementType.F32, [4]);
        using var none = TensorFill.Zeros(_allocator, ElementType.F32, [0]);
        using var y = TensorFill.Zeros(_allocator, ElementType.F32, [10]);
        kernel.Invoke([x, f, y], _pool);
        Assert.Equal([0, 0, 0, 0, 4, 4, 4, 4, 8, 8], y.AsSpan<float>().ToArray());
        Assert.Equal("TX1027", Code(() => kernel.Invoke([x, none, y], _pool)));
    }

    [Fact]
    public void Arguments_are_checked_against_each_other()
    {
        var kernel = _compiler.CompileSymbolic(OperatorText.Bind("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N + 1] { C[i, j] = sum(k: A[i, k] * (B[k, j - 1] ?? 0)) }").Operator, _ => { });
        NativeTensor Zeros(params long[] shape) => TensorFill.Zeros(_allocator, ElementType.F32, shape);
        using NativeTensor a = Zeros(3, 4), b = Zeros(4, 5), c = Zeros(3, 6), thin = Zeros(3, 5), other = Zeros(5, 5), flat = Zeros(12);
        kernel.Invoke([a, b, c], _pool);
        Assert.Equal("TX5022", Code(() => kernel.Invoke([a, b, thin], _pool)));
        Assert.Equal("TX5022", Code(() => kernel.Invoke([a, other, c], _pool)));
        Assert.Equal("TX5022", Code(() => kernel.Invoke([flat, b, c], _pool)));
        Assert.Equal("TX5020", Code(() => kernel.Invoke([a, b], _pool)));
    }

    [Fact]
    public void Workspace_that_no_process_has_is_refused()
    {
        var kernel = _compiler.CompileSymbolic(OperatorText.Bind("""
            op f(A: f32[M, N]) -> B: f32[M] {
                T[i, j] = max(k: A[k, i] * A[k, j])
                B[m] = sum(i, j: T[i, j] * A[m, i] * A[m, j])
            }
            """).Operator, _ => { });
        using var a = TensorFill.Zeros(_allocator, ElementType.F32, [0, 1L << 40]);
        using var b = TensorFill.Zeros(_allocator, ElementType.F32, [0]);
        Assert.Equal("TX5025", Code(() => kernel.Invoke([a, b], _pool)));
    }

    [Fact]
    public void Symbolic_matmul_agrees_around_its_blocks()
    {
        var text = OperatorText.Bind("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }");
        var kernel = _compiler.CompileSymbolic(text.Operator, _ => { });
        foreach (var (m, k, n) in new[] { (1L, 1L, 1L), (0, 4, 3), (5, 0, 7), (260, 3, 100), (2, 515, 97), (13, 1030, 16), (253, 20, 97) }) AssertAgrees(text, kernel, 0, m, k, n);
    }

    // Tiny caches have other blocks.
    [Theory, InlineData(64, 32, 32 << 20), InlineData(16, 16, 64)]
    public void Random_programs_agree_at_several_sizes(int vectorBytes, int registers, int cacheBytes)
    {
        FuzzFailure? failure = null;
        var target = CpuTarget.Host() with { VectorBytes = vectorBytes, VectorRegisters = registers, L1Bytes = cacheBytes, L2Bytes = cacheBytes, L3Bytes = cacheBytes };
        BigStack.Run(() =>
        {
            using var runner = new DifferentialRunner(target, symbolic: true);
            for (int i = 0; i < 30 && failure is null; i++) failure = runner.Run(ProgramGenerator.Generate(20_000 + (ulong)i));
        });
        Assert.True(failure is null, failure?.ToString());
    }

    /// <summary>Tails broken on purpose: a mask dropped, the last block left out, a bound one too far.</summary>
    [Theory]
    [InlineData("mask"), InlineData("block"), InlineData("bound")]
    public void A_wrong_tail_is_found(string fault)
    {
        var text = OperatorText.Bind("op f(X: f32[M, N]) -> Y: f32[M] { t[i, j] = X[i, j] * X[i, j] + 1\n Y[i] = sum(j: t[i, j]) + t[i, 0] }");
        var target = CpuTarget.Host();
        var sound = Pipeline.Run(DefaultSchedule.Apply(NestBuilder.Build(text.Operator), target), target);
        var broken = sound.Map(f => f.With(new WrongTail(fault).Visit(f.Body)));
        Assert.NotSame(sound, broken);
        bool Agrees(LoopModule module, long m, long n)
        {
            var dims = text.Dims(m, n);
            var inputs = text.Inputs(dims);
            var expected = ReferenceEvaluator.Evaluate(text.Operator, inputs, dims)[0];
            try
            {
                var actual = LoopInterpreter.Run(module, "f", inputs).Outputs[0];
                return Enumerable.Range(0, (int)m).All(i => expected[i].Real == actual[i].Real);
            }
            catch (InterpreterFaultException)
            {
                return false;
            }
        }
        long[] sizes = [1, 5, 8, 31, 64, 67];
        Assert.All(sizes, n => Assert.True(Agrees(sound, 3, n)));
        Assert.Contains(sizes, n => !Agrees(broken, 3, n));
    }

    private sealed class WrongTail(string fault) : Rewriter
    {
        protected override Stmt VisitStore(Store s) => base.VisitStore(s) is Store { Predicate: not null } t && fault == "mask"
            ? new Store(t.Buffer, t.Indices, t.Value, null, t.NonTemporal, t.Origin) : base.VisitStore(s);

        protected override Expr VisitBinary(Binary b) => base.VisitBinary(b) switch
        {
            // ⌈n / c⌋ rounded down
            Binary { Op: BinaryOp.Div, Left: Binary { Op: BinaryOp.Add, Right: IntImm { Value: var r } } sum, Right: IntImm { Value: var c } } d when fault == "block" && r == c - 1 => Expr.Make(d.Op, sum.Left, d.Right),
            Binary { Op: BinaryOp.Lt, Left: Ramp } c when fault == "bound" => new Binary(BinaryOp.Le, c.Left, c.Right),
            var other => other,
        };
    }

    private static string Code(Action action) => Assert.Throws<DiagnosticException>(action).Diagnostics[0].Code;

    private void AssertAgrees(OperatorText text, Kernel kernel, double tolerance, params long[] sizes)
    {
        var dims = text.Dims(sizes);
        var inputs = text.Inputs(dims);
        var expected = ReferenceEvaluator.Evaluate(text.Operator, inputs, dims)[0];
        var arguments = inputs.Select(i => NativeTensor.FromDense(_allocator, i)).Append(TensorFill.Full(_allocator, expected.Shape.AsSpan(), Scalar.Of(expected.Type, 77.0))).ToArray();
        try
        {
            kernel.Invoke(arguments, _pool);
            for (long i = 0; i < expected.Count; i++)
                Assert.True(Math.Abs(expected[i].Real - arguments[^1][i].Real) <= tolerance * Math.Max(1, Math.Abs(expected[i].Real)), $"[{string.Join(", ", sizes)}] at {i}: {arguments[^1][i]}, not {expected[i]}");
        }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    private sealed class QuietOutput : ISessionOutput
    {
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
        public void Report(Diagnostic diagnostic) { }
    }
}
