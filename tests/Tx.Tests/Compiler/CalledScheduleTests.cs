using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Calls inside operators run by the schedules that dispatch takes for their callees.</summary>
public class CalledScheduleTests
{
    private const string Operators = """
        op product(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op layer(X: f32[M, K], W: f32[K, N]) -> Z: f32[M, N] {
            y       = product(X, W)
            Z[i, j] = max(y[i, j], 0)
        }
        op two(X: f32[M, K], W: f32[K, K], V: f32[K, N]) -> Z: f32[M, N] {
            h = layer(X, W)
            Z = product(h, V)
        }

        """;

    private const string Tiles = """
        schedule tiles for product on cpu when N >= 16 {
            knob w in [8, 16] = 8
            (jo, ji) = C.j.split(w)
            C.reorder(jo, C.k, ji)
            acc = C.cache_write(at = jo, memory = register)
            ji.vectorize()
        }
        schedule narrow for product on cpu { io = C.i.unroll(2) }

        """;

    private static string[] Steps(string program, string op, string shape, params string[] more)
    {
        var result = CommandLine.RunText("print", program, ["--op", op, "--steps", .. shape.Length > 0 ? new[] { "--shape", shape } : [], .. more]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return [.. result.Output.Split('\n').Where(l => l.StartsWith("// ", StringComparison.Ordinal) && char.IsDigit(l[3])).Select(l => l[(l.IndexOf(". ", StringComparison.Ordinal) + 2)..])];
    }

    [Fact]
    public void ACallTakesTheScheduleOfItsSizes()
    {
        Assert.Equal(["(jo, ji) = y.j.split(8)", "y.reorder(jo, y.k, ji)", "y.acc = y.cache_write(at = jo, memory = register)", "ji.vectorize()", "auto()"], Steps(Operators + Tiles, "layer", "M=8,K=8,N=16"));
        Assert.Equal(["io = y.i.unroll(2)", "auto()"], Steps(Operators + Tiles, "layer", "M=8,K=8,N=15"));
    }

    [Fact]
    public void CallsInCallsTakeTheirs() =>
        Assert.Equal(["(jo, ji) = h.y.j.split(8)", "h.y.reorder(jo, h.y.k, ji)", "h.y.acc = h.y.cache_write(at = jo, memory = register)", "ji.vectorize()", "io = Z.i.unroll(2)", "auto()"],
            Steps(Operators + Tiles, "two", "M=8,K=16,N=4"));

    [Fact]
    public void ALineOfTheCallerMakesACallItsOwn()
    {
        const string Own = "schedule own for two on cpu {\n    Z.j.vectorize(4)\n    auto()\n}\n";
        Assert.Equal(["jo = Z.j.vectorize(4)", "io = h.y.i.unroll(2)", "auto()"], Steps(Operators + Tiles + Own, "two", "M=8,K=4,N=4"));
        // Without `auto()` what has no schedule stays plain.
        Assert.Equal(["jo = Z.j.vectorize(4)", "io = h.y.i.unroll(2)"], Steps(Operators + Tiles + Own.Replace("    auto()\n", "", StringComparison.Ordinal), "two", "M=8,K=4,N=4"));
    }

    [Fact]
    public void AScheduleOfACalleeMayCoverCallsInside()
    {
        const string OfLayer = "schedule whole for layer on cpu { y.i.parallel() }\n";
        Assert.Equal(["h.y.i.parallel()", "io = Z.i.unroll(2)", "auto()"], Steps(Operators + Tiles + OfLayer, "two", "M=8,K=16,N=4"));
        // One that leaves the call inside alone leaves it to dispatch; what it gives to the default is the rest of it.
        const string Outer = "schedule outer for layer on cpu {\n    Z.i.parallel()\n    auto()\n}\n";
        Assert.Equal(["h.i.parallel()", "io = h.y.i.unroll(2)", "io = Z.i.unroll(2)", "auto([h.y, h])", "auto()"], Steps(Operators + Tiles + Outer, "two", "M=8,K=4,N=4"));
    }

    [Fact]
    public void UseNamesAScheduleAndItsKnobs()
    {
        const string Use = "schedule s for layer on cpu {\n    y.use(tiles, w = 16)\n    Z.i.parallel()\n}\n";
        Assert.Equal(["(jo, ji) = y.j.split(16)", "y.reorder(jo, y.k, ji)", "y.acc = y.cache_write(at = jo, memory = register)", "ji.vectorize()", "Z.i.parallel()"], Steps(Operators + Tiles + Use, "layer", ""));
    }

    [Theory]
    [InlineData("Z.use(tiles)", "TX2047", "`Z` is not the result of a call")]
    [InlineData("y.i.use(tiles)", "TX2047", "the calls are `y`")]
    [InlineData("y.use(tile)", "TX2048", "did you mean `tiles`?")]
    [InlineData("y.use()", "TX2019", "the name of a schedule of `product`")]
    [InlineData("y.use(tiles, 16)", "TX2020", "a value of a knob is given by name")]
    [InlineData("y.use(tiles, w = 5)", "TX2033", "5 is no value of the knob `w`")]
    [InlineData("y.use(tiles, v = 8)", "TX2034", "has no knob `v`")]
    [InlineData("y.use(tiles, w = 8, w = 8)", "TX2022", "given twice")]
    [InlineData("y.use(tiles)\n    y.j.parallel()", "TX2101", "there is no loop `y.j` any more")]
    public void UseThatCannotBeIsRefused(string line, string code, string message)
    {
        var result = CommandLine.RunText("check", $"{Operators}{Tiles}schedule s for layer on cpu {{\n    {line}\n}}\n");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(code, result.Error, StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    private const string Refused = """
        op sums(A: f32[M, N]) -> s: f32[M] { s[i] = sum(j: A[i, j]) }
        schedule copied for sums on cpu {
            s.i.parallel()
            Ap = A.cache_read(at = root)
        }
        op twice(X: f32[M, N]) -> Z: f32[M] {
            A[i, j] = 2 * X[i, j]
            Z       = sums(A)
        }
        schedule digits for twice on cpu { A.layout((i, j) -> [i / 8, j, i % 8]) }

        """;

    [Fact]
    public void ARefusedLineIsNotedAndTheCallGetsTheDefault()
    {
        const string Values = "let X = random(f32[10, 12], seed = 1)\nassert close(twice(X), reference(twice(X)))\n";
        foreach (string command in new[] { "run", "check" })
        {
            var result = CommandLine.RunText(command, Refused + (command == "run" ? Values : ""));
            Assert.Equal(0, result.ExitCode);
            Assert.Equal(2, result.Error.Split("note[TX2094]: the call `Z` of `sums` runs by the default, since a line of the schedule `copied` does not fit there").Length);
            Assert.Contains("refused here", result.Error, StringComparison.Ordinal);
        }
        // None of its lines stays.
        var printed = CommandLine.RunText("print", Refused, "--op", "twice", "--steps", "--shape", "M=10,N=12");
        Assert.DoesNotContain("parallel()", printed.Output, StringComparison.Ordinal);
        Assert.Contains("auto([Z])", printed.Output, StringComparison.Ordinal);
        Assert.Contains("TX2094", printed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ALineThatNeedsSizesIsNotedWhereTheyAreNotKnown()
    {
        const string Program = """
            op sums(A: f32[M, N]) -> s: f32[M] { s[i] = sum(j: A[i, j]) }
            schedule halves for sums on cpu { (jo, ji) = s.j.split(max(1, N / 2)) }
            op twice(X: f32[M, N]) -> Z: f32[M] {
                s    = sums(X)
                Z[i] = 2 * s[i]
            }
            let X = random(f32[10, 12], seed = 1)
            assert close(twice(X), reference(twice(X)))

            """;
        Assert.Equal((0, ""), (CommandLine.RunText("run", Program) is var known ? known.ExitCode : 1, known.Error));
        var symbolic = CommandLine.RunText("run", Program, "--symbolic");
        Assert.Equal(0, symbolic.ExitCode);
        Assert.Contains("TX2094", symbolic.Error, StringComparison.Ordinal);
        // A constant of the call is known for all sizes.
        Assert.Equal(["(jo, ji) = s.j.split(6)", "auto()"], Steps(Program.Replace("f32[M, N]) -> Z", "f32[M, 12]) -> Z", StringComparison.Ordinal), "twice", ""));
    }

    [Fact]
    public void WhatTheDefaultFusesStaysFused()
    {
        const string Program = """
            op scaled(X: f32[N]) -> Y: f32[N] { Y[i] = 2 * X[i] }
            schedule lanes for scaled on cpu { jo = Y.i.vectorize(8) }
            op chain(X: f32[N]) -> Z: f32[N] {
                a    = scaled(X)
                b    = scaled(a)
                Z[i] = b[i] + 1
            }
            op sums(X: f32[N], V: f32[M, N]) -> s: f32[M] {
                a    = scaled(X)
                s[i] = sum(j: a[j] * V[i, j])
            }

            """;
        var fused = CommandLine.RunText("print", Program, "--op", "chain", "--stage", "loops", "--shape", "N=100");
        Assert.DoesNotContain("temp ", fused.Output, StringComparison.Ordinal);
        // A reduction reads it once for each row, so it is a tensor, and runs by its schedule.
        Assert.Equal(["jo = a.i.vectorize(8)", "auto()"], Steps(Program, "sums", "N=100,M=10"));
    }

    [Fact]
    public void EvidenceAndKernelsHaveTheSteps()
    {
        var evidence = CommandLine.RunText("check", Operators + Tiles, "--evidence");
        Assert.Contains("calls inside `layer`: `y` by `narrow`\n  io = y.i.unroll(2)\n      proved: ", evidence.Output, StringComparison.Ordinal);
        var json = CommandLine.RunText("check", Operators + Tiles, "--evidence", "--json");
        Assert.Contains("{\"schedule\":null,\"op\":\"layer\",\"target\":\"cpu\",\"directive\":\"io = y.i.unroll(2)\",\"tier\":\"proved\"", json.Output, StringComparison.Ordinal);

        // A `when` that is open for all sizes is asked at some.
        var sized = CommandLine.RunText("check", Operators + Tiles[..Tiles.IndexOf("schedule narrow", StringComparison.Ordinal)], "--evidence");
        Assert.Contains("calls inside `layer` at M = 64, K = 64, N = 64: `y` by `tiles`\n  (jo, ji) = y.j.split(8)\n      proved: ", sized.Output, StringComparison.Ordinal);

        using var program = TxProgram.Parse(Operators + Tiles);
        using var kernel = program["layer"].Compile(new() { Sizes = { ["M"] = 8, ["K"] = 8, ["N"] = 16 } });
        Assert.Contains(kernel.Image.Evidence, s => s.Step == "y.reorder(jo, y.k, ji)");
    }

    [Fact]
    public void AKernelBelongsToTheSchedulesOfItsCalls()
    {
        using var session = new Session(new() { Threads = 1 }, new Quiet());
        bool Submit(string text) => session.Submit(new SourceText("<prompt>", text));
        Assert.True(Submit(Operators + "let X = random(f32[8, 8], seed = 1)\nlet W = random(f32[8, 16], seed = 2)\nlet a = layer(X, W)\n"));
        int before = session.Compiler.CompiledCount;
        Assert.True(Submit("let b = layer(X, W)\n"));
        Assert.Equal(before, session.Compiler.CompiledCount);
        Assert.True(Submit(Tiles + "let c = layer(X, W)\nassert close(c, a)\n"));
        Assert.Equal(before + 1, session.Compiler.CompiledCount);
    }

    private sealed class Quiet : ISessionOutput
    {
        public void Report(Diagnostic diagnostic) { }
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }
}
