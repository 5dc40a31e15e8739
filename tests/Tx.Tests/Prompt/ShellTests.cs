using System.Diagnostics;
using Tx.Core;
using Tx.Display;
using Tx.Runtime;
using Tx.Shells;

namespace Tx.Tests.Prompt;

/// <summary>Sessions behind a prompt: cancellation, memory, values from outside, completion.</summary>
public sealed class ShellTests : IDisposable
{
    private readonly Recorder _output = new();
    private readonly Shell _shell;

    public ShellTests() => _shell = new(new() { Threads = 2 }, _output);

    /// <summary>Each runs for minutes where nothing stops it.</summary>
    [Theory]
    [InlineData("op slow(X: f32[N]) -> Y: f32[N] { Y[n] = sum(k in 0..2_000_000_000_000: X[n] * f32(k % 7)) }", "slow(zeros(f32[1]))")]
    [InlineData("op slow(X: f32[N]) -> Y: f32[N] { Y[n] = sum(k in 0..2_000_000_000_000: X[n] * f32(k % 7)) }", "slow(zeros(f32[64]))")]
    [InlineData("op slow(X: f32[N]) -> Y: f32[N] { Y[n] = sum(k in 0..2_000_000_000_000: X[n] * f32(k % 7)) }", "symbolic(slow(zeros(f32[3])))")]
    [InlineData("op slow(X: f32[N]) -> Y: f32[N] { Y[n] = sum(k in 0..2_000_000_000_000: X[n] * f32(k % 7)) }", "reference(slow(zeros(f32[1])))")]
    [InlineData("op slow(X: f32[N]) -> Y: f32[N] { Y[n] = sum(k in 0..2_000_000, j in 0..2_000_000: X[n] * f32(k % 7 + j)) }", "bench slow(zeros(f32[2]))")]
    public void CtrlCStopsWhatRunsAndTheSessionGoesOn(string op, string call)
    {
        Assert.True(_shell.Submit(op, "<1>"));
        // What is compiled is there; only its run is stopped.
        using var cancellation = new CancellationTokenSource();
        long cancelled = 0;
        using var timer = CancelAfter(3000, cancellation, () => cancelled = Stopwatch.GetTimestamp());
        Assert.False(_shell.Submit(call, "<2>", cancellation.Token));
        var took = Stopwatch.GetElapsedTime(cancelled);
        Assert.True(took < TimeSpan.FromSeconds(1), $"{took.TotalMilliseconds} ms");
        Assert.Equal("TX5704", Assert.Single(_output.Errors).Code);
        Assert.True(_shell.Submit("1 + 1", "<3>"));
        Assert.Equal("2", _output.Lines[^1]);
    }

    // What is noted is noted before anybody sees the token: its callbacks run last to first.
    private static Timer CancelAfter(int milliseconds, CancellationTokenSource source, Action note) => new(_ =>
    {
        note();
        source.Cancel();
    }, null, milliseconds, Timeout.Infinite);

    [Fact]
    public void CompilationIsStopped()
    {
        // New each time: what is compiled once is kept on the disk.
        int number = Environment.TickCount;
        string body = string.Join(" + ", Enumerable.Range(1, 24).Select(n => $"sin(X[i] + {n + number})"));
        Assert.True(_shell.Submit($"op large(X: f32[N]) -> Y: f32[N] {{ Y[i] = {body} }}\nschedule s for large on cpu {{ Y.i.unroll(24) }}", "<1>"));
        using var cancellation = new CancellationTokenSource();
        long cancelled = 0;
        using var timer = CancelAfter(700, cancellation, () => cancelled = Stopwatch.GetTimestamp());
        Assert.False(_shell.Submit("large(zeros(f32[4096]))", "<2>", cancellation.Token));
        Assert.True(Stopwatch.GetElapsedTime(cancelled) < TimeSpan.FromSeconds(1));
        Assert.True(_shell.Submit("1 + 1", "<3>"));
    }

    [Fact]
    public void MemoryHasALimit()
    {
        _shell.Session.Memory.LimitBytes = 1 << 20;
        Assert.False(_shell.Submit("let big = zeros(f32[1024, 1024])", "<1>"));
        Assert.Equal("TX5003", Assert.Single(_output.Errors).Code);
        // Values that are bound again leave room for others.
        for (int n = 0; n < 20; n++) Assert.True(_shell.Submit("let part = zeros(f32[64, 1024])", $"<{n}>"), string.Join('\n', _output.Errors));
    }

    [Fact]
    public void ValuesComeFromOutsideAndGoThere()
    {
        var tensor = TensorFill.Full(_shell.Session.Memory, [3], Scalar.Of(ElementType.F32, 2.0));
        _shell.Session.SetValue("X", new TensorValue(tensor.Type, tensor.Shape, tensor));
        Assert.True(_shell.Submit("let Y[i] = X[i] * 3", "<1>"));
        Assert.True(_shell.Session.TryGetValue("Y", out var value));
        Assert.Equal(6.0, ((TensorValue)value).Data![0].Real);
        Assert.Equal(["X", "Y"], _shell.Session.Variables.Select(v => v.Name));
    }

    [Fact]
    public void ARedefinitionKeepsTheKernelsOfOthers()
    {
        Assert.True(_shell.Submit("op f(X: f32[N]) -> Y: f32[N] { Y[n] = X[n] + 1 }\nop g(X: f32[N]) -> Y: f32[N] { Y[n] = X[n] * 2 }\ng([1.0, 2.0])", "<1>"));
        int compiled = _shell.Session.Compiler.CompiledCount;
        Assert.True(_shell.Submit("op f(X: f32[N]) -> Y: f32[N] { Y[n] = X[n] + 2 }\ng([1.0, 2.0])", "<2>"));
        Assert.Equal(compiled, _shell.Session.Compiler.CompiledCount);
    }

    [Theory]
    [InlineData("mat", "matmul")]
    [InlineData("matmul(A", "A")]
    [InlineData("let z = ze", "zeros")]
    [InlineData(":ro", "roofline")]
    [InlineData(":bench mat", "matmul")]
    [InlineData(":print matmul M", "M=")]
    [InlineData(":why matmul C", "C.k")]
    [InlineData(":set mem", "memory")]
    [InlineData(":explain TX15", "TX1501")]
    [InlineData(":type mat", "matmul")]
    public void NamesAreCompleted(string text, string label)
    {
        Assert.True(_shell.Submit("op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\nlet A = zeros(f32[2, 2])", "<1>"));
        var found = _shell.Complete(text, text.Length);
        Assert.Contains(label, found.Entries.Select(e => e.Label));
        Assert.Equal(text.Length, found.Replaces.Span.End);
    }

    [Fact]
    public void AnOpenScheduleIsCompletedWithItsStagesAndPrimitives()
    {
        Assert.True(_shell.Submit("op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n:steps matmul\n(io, ii) = C.i.split(8)", "<1>"));
        Assert.Contains("parallel", _shell.Complete("io.par", 6).Entries.Select(e => e.Label));
        Assert.Contains("k", _shell.Complete("C.", 2).Entries.Select(e => e.Label));
        Assert.Contains("matmul", _shell.Inspect("C", 0)!.Markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandHasHelpAndSurvivesAnything()
    {
        foreach (var command in ShellCommands.All.Where(c => c.Name != "quit"))
        {
            Assert.NotEmpty(command.Summary);
            foreach (string arguments in new[] { "", "nothing", "a b c d=1,", "=", "\u0301 日本", "f M=99999999999999999999", "(((", "\"" })
                _shell.Submit($":{command.Name} {arguments}", "<1>");
            Assert.NotNull(_shell.Complete($":{command.Name} ", command.Name.Length + 2));
        }
    }

    public void Dispose() => _shell.Dispose();

    private sealed class Recorder : ISessionOutput
    {
        public List<string> Lines { get; } = [];
        public List<Diagnostic> Errors { get; } = [];

        public void Print(string text) => Lines.Add(text);
        public void Display(DisplayBundle bundle) => Lines.Add(bundle.Plain);
        public void Echo(Value value) => Lines.Add(ValuePrinter.Print(value));
        public void Bench(BenchResult result) => Lines.Add(BenchText.Line(result));
        public void Report(Diagnostic diagnostic)
        {
            if (diagnostic.IsError) Errors.Add(diagnostic);
        }
    }
}
