using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Building;
using Tx.Runtime;
using Tx.Tests.Support;
using static Tx.Core.ElementType;
using static Tx.Lang.Building.Compute;

namespace Tx.Tests.Lang.Building;

/// <summary>The example of <c>docs/builder.md</c> is the code here.</summary>
public partial class BuilderManualTests
{
    private static NativeTensor? Example(ISessionOutput output)
    {
        var program = new ProgramBuilder("layer");
        program.Operator("layer", op =>
        {
            var (M, K, N) = Dims("M", "K", "N");
            var (i, j, k) = Indices("i", "j", "k");
            var X = op.Parameter("X", F32, M, K);
            var W = op.Parameter("W", F32, K, N);
            var b = op.Parameter("b", F32, N);
            var Y = op.Result("Y", F32, M, N);
            var product = op.Tensor("product");
            product[i, j] = Sum(k, X[i, k] * W[k, j]);
            Y[i, j] = Max(product[i, j] + b[j], 0);
        });

        using var session = new Session(new SessionOptions { Threads = 1 }, output);
        if (!session.Submit(program.ToSource())) return null;
        var allocator = new TensorAllocator();
        using var x = TensorFill.Random(allocator, F32, [64, 256], seed: 1);
        using var w = TensorFill.Random(allocator, F32, [256, 128], seed: 2);
        using var bias = TensorFill.Zeros(allocator, F32, [128]);
        NativeTensor y = session.Call("layer", x, w, bias)[0];
        return y;
    }

    [Fact]
    public void TheExample_StandsInTheManual()
    {
        static string Dense(string text) => Space().Replace(text, " ").Trim();
        string block = Block().Match(File.ReadAllText(Repository.PathOf("docs", "builder.md"))).Groups[1].Value;
        string source = File.ReadAllText(Repository.PathOf("tests", "Tx.Tests", "Lang", "Building", "BuilderManualTests.cs"));
        Assert.Contains(Dense(block), Dense(source), StringComparison.Ordinal);
    }

    [Fact]
    public void TheExample_ComputesTheLayer()
    {
        var output = new Recorder();
        NativeTensor? y = null;
        BigStack.Run(() => y = Example(output));
        Assert.Empty(output.Diagnostics);
        Assert.Equal("f32[64, 128]", y!.ToString());
        var allocator = new TensorAllocator();
        using var x = TensorFill.Random(allocator, F32, [64, 256], seed: 1);
        using var w = TensorFill.Random(allocator, F32, [256, 128], seed: 2);
        for (int i = 0; i < 64; i += 9)
            for (int j = 0; j < 128; j += 7)
                Assert.Equal(Math.Max(Enumerable.Range(0, 256).Sum(k => x[i * 256 + k].Real * w[k * 128 + j].Real), 0), y[i * 128 + j].Real, 1e-4);
    }

    [Fact]
    public void Session_CallsWhatFits()
    {
        var output = new Recorder();
        using var session = new Session(new SessionOptions { Threads = 1 }, output);
        Assert.True(session.Submit(new SourceText("<test>", "op f(A: f32[N], B: f32[N]) -> C: f32[N], s: f32 { C[i] = A[i] + B[i]; s = sum(i: A[i]) }")));
        var allocator = new TensorAllocator();
        using var a = TensorFill.Full(allocator, [3], Scalar.Of(F32, 2.0));
        using var b = TensorFill.Full(allocator, [4], Scalar.Of(F32, 2.0));
        var results = session.Call("f", a, a);
        Assert.Equal(["f32[3]", "f32[]"], results.Select(r => r.ToString()));
        Assert.Equal((4.0, 6.0), (results[0][2].Real, results[1][0].Real));
        var refused = Assert.Throws<DiagnosticException>(() => session.Call("f", a, b)).Diagnostics[0];
        Assert.Equal(("TX1051", "<call>", "f32[4]"), (refused.Code, refused.Span!.Value.Source.Path, refused.Span.Value.Text));
        Assert.Throws<RequestException>(() => session.Call("g", a));

        Assert.True(session.Submit(new SourceText("<test>", "op pad(A: f32[N], const n: int, const by: f32 = 2) -> B: f32[N + n] require n >= 0 { B[i] = (A[i] ?? 0) * by }")));
        var padded = session.Call("pad", [a], [("n", Scalar.Index(2)), ("by", Scalar.Of(F32, 0.5))]);
        Assert.Equal("f32[5]\n[1., 1., 1., 0., 0.]", TensorPrinter.Print(padded[0]));
        Assert.Equal("TX1023", Assert.Throws<DiagnosticException>(() => session.Call("pad", [a], [("m", Scalar.Index(2))])).Diagnostics[0].Code);
        Assert.Equal("TX1027", Assert.Throws<DiagnosticException>(() => session.Call("pad", [a], [("n", Scalar.Index(-1))])).Diagnostics[0].Code);
    }

    private sealed class Recorder : ISessionOutput
    {
        public List<Diagnostic> Diagnostics { get; } = [];
        public void Report(Diagnostic diagnostic) => Diagnostics.Add(diagnostic);
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
