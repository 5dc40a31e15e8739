using System.Text.Json;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

/// <summary>The command line's contract: exit codes, flags, JSON fields.</summary>
public class CommandTests
{
    private const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n";

    [Fact]
    public void Run_OfAFineProgram_PrintsAndExits0()
    {
        var result = CommandLine.RunText("run", Matmul + """
            let A = full(f32[2, 3], 2)
            let B = full(f32[3, 4], 5)
            print(matmul(A, B))
            assert close(matmul(A, B), reference(matmul(A, B)))
            """);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("f32[2, 4]", result.Output, StringComparison.Ordinal);
        Assert.Contains("30", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("assert 1 == 2")]
    [InlineData("let x = load(\"nowhere.npy\")")]
    [InlineData("import \"nowhere.tx\"")]
    [InlineData("let A = random(f32[4000000000, 4000000000])")]
    [InlineData("op f(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] }")]
    public void Run_OfAWrongProgram_Exits1WithOneError(string program)
    {
        var result = CommandLine.RunText("run", program);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(1, result.Error.Split("error[").Length - 1);
    }

    [Theory]
    [InlineData("run", "/nowhere/program.tx")]
    [InlineData("run")]
    [InlineData("check", "/tmp")]
    [InlineData("explain", "TX0000")]
    [InlineData("walk", "program.tx")]
    [InlineData("fuzz", "--count", "-1")]
    [InlineData("print", "program.tx", "--op", "f", "--stage", "foo")]
    [InlineData("print", "program.tx", "--op", "f", "--emit", "foo")]
    [InlineData("print", "program.tx", "--op", "f")]
    public void WrongCalls_Exit2(params string[] args)
    {
        var result = CommandLine.Run(args);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("tx: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--op", "matmull", "--shape", "M=2,N=2,K=2")]
    [InlineData("--op", "matmul", "--shape", "M=2,N=2")]
    [InlineData("--op", "matmul", "--shape", "M=2,N=2,K=2,Q=2")]
    [InlineData("--op", "matmul", "--shape", "M=two")]
    [InlineData("--op", "matmul", "--shape", "M=2,N=2,K=2", "--threads", "0")]
    public void Bench_OfWhatIsNotThere_Exits2(params string[] more)
    {
        var result = CommandLine.RunText("bench", Matmul, more);
        Assert.Equal(2, result.ExitCode);
    }

    [Fact]
    public void CheckJson_HasTheFieldsOfTheContract()
    {
        var result = CommandLine.RunText("check", "op f(A: f32[N]) -> B: f32[N] {\n    B[i] = A[i] + C[i]\n}\n", "--json");
        Assert.Equal(1, result.ExitCode);
        string line = Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var d = JsonDocument.Parse(line).RootElement;
        Assert.Equal("error", d.GetProperty("severity").GetString());
        Assert.StartsWith("TX1", d.GetProperty("code").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("program.tx", d.GetProperty("file").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, d.GetProperty("line").GetInt32());
        Assert.Equal(19, d.GetProperty("column").GetInt32());
        Assert.Equal(2, d.GetProperty("endLine").GetInt32());
        Assert.True(d.GetProperty("endColumn").GetInt32() > 19);
        Assert.NotNull(d.GetProperty("message").GetString());
        Assert.NotNull(d.GetProperty("help").GetString());
    }

    [Fact]
    public void BenchJson_HasTheFieldsOfTheContract()
    {
        var result = CommandLine.RunText("bench", Matmul, "--op", "matmul", "--shape", "M=16,N=24,K=8", "--threads", "1", "--json");
        Assert.Equal(0, result.ExitCode);
        var b = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("matmul", b.GetProperty("op").GetString());
        Assert.Equal("default", b.GetProperty("schedule").GetString());
        Assert.Equal(24, b.GetProperty("shape").GetProperty("N").GetInt64());
        Assert.Equal(1, b.GetProperty("threads").GetInt32());
        double median = b.GetProperty("median_us").GetDouble();
        Assert.InRange(b.GetProperty("min_us").GetDouble(), 0, median);
        Assert.Equal(2.0 * 16 * 24 * 8 / median / 1e3, b.GetProperty("gflops").GetDouble(), 0.05);
        Assert.True(b.GetProperty("peak_gflops").GetDouble() > 1);
        Assert.InRange(b.GetProperty("fraction_of_peak").GetDouble(), 0, 1.1);
    }

    [Theory]
    [InlineData("syntax", "op matmul")]
    [InlineData("program", "matmul")]
    [InlineData("loops", "matmul")]
    [InlineData("final", "matmul")]
    [InlineData("llvm", "define")]
    [InlineData("asm", "ret")]
    public void Print_ShowsEveryStage(string stage, string part)
    {
        var result = CommandLine.RunText("print", Matmul, "--op", "matmul", "--stage", stage, "--shape", "M=8,N=16,K=4");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(part, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loops")]
    [InlineData("final")]
    public void Print_WithoutSizes_IsSymbolic(string stage)
    {
        var result = CommandLine.RunText("print", Matmul, "--op", "matmul", "--stage", stage);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"\bK\b", result.Output);
    }

    [Fact]
    public void Prompt_KeepsValuesAndMayBindAgain()
    {
        var result = CommandLine.RunWithInput("""
            op twice(X: f32[N]) -> Y: f32[N] {
                Y[i] = X[i] * 2
            }
            let a = full(f32[2], 3)
            print(twice(a))
            let a = full(f32[2], 5)
            op twice(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 3 }
            print(twice(a))
            """);
        Assert.Equal("`twice` is redefined\n", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("6", result.Output, StringComparison.Ordinal);
        Assert.Contains("15", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Define_ReplacesAConst()
    {
        var result = CommandLine.RunText("run", "const n = 3\nassert n == 7\n", "-D", "n=7");
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void NumpyFiles_GoBothWays()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("p.tx", """
            let A = random(f64[3, 5], seed = 4)
            save(A, "a.npy")
            let B: f64[3, 5] = load("a.npy")
            assert equal(A, B)
            """);
        var result = CommandLine.Run("run", file);
        Assert.Equal("", result.Error);
        Assert.Equal(["a.npy", "p.tx"], Directory.GetFiles(folder.Path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Renaming_EveryIdentifier_ChangesNothing()
    {
        const string Program = "op NAME(A1: f32[D1, D2], A2: f32[D2, D3]) -> R: f32[D1, D3] { R[x, y] = sum(z: A1[x, z] * A2[z, y]) }\nlet p = random(f32[9, 31], seed = 1)\nlet q = random(f32[31, 17], seed = 2)\nprint(NAME(p, q))\n";
        var first = CommandLine.RunText("run", Program.Replace("NAME", "matmul", StringComparison.Ordinal));
        var second = CommandLine.RunText("run", Program.Replace("NAME", "zorg", StringComparison.Ordinal).Replace("A1", "Left", StringComparison.Ordinal)
            .Replace("A2", "Right", StringComparison.Ordinal).Replace("D2", "Inner", StringComparison.Ordinal).Replace("z", "q9", StringComparison.Ordinal));
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(first.Output, second.Output);
    }
}
