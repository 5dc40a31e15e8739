using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

/// <summary><c>tx check --intrinsics</c>: declarations against what they emit.</summary>
public class IntrinsicsCheckTests
{
    [Fact]
    public void EachIsTold()
    {
        const string Program = """
            intrin add8(x: i32[8], y: i32[8], z: i32[8]) on cpu {
                z[i] = x[i] + y[i]
                emit llvm "sub"(x, broadcast(0, 8)) -> p
                emit llvm "add"(p, y) -> z
            }
            intrin narrow(x: i32[8], acc: i32[8]) on cpu {
                acc[i] += x[i]
                emit llvm "trunc"(x) -> h: i16[8]
                emit llvm "sext"(h) -> w: i32[8]
                emit llvm "add"(w, acc) -> acc
            }
            intrin plain(x: f32[8], y: f32[8]) { y[i] = x[i] }
            intrin far(x: f32[8], y: f32[8]) on cpu("avx10.9") {
                y[i] = x[i] * 2
                emit llvm "fadd"(x, x) -> y
            }
            """;
        var result = CommandLine.RunText("check", Program, "--intrinsics", "--json");
        Assert.Equal(1, result.ExitCode);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        string Outcome(string name) => lines.First(l => l.TryGetProperty("intrin", out var n) && n.GetString() == name).GetProperty("outcome").GetString()!;
        Assert.Equal(["agrees", "differs", "declared", "skipped"], new[] { "add8", "narrow", "plain", "far" }.Select(Outcome));
        var wrong = lines.Single(l => l.TryGetProperty("code", out _));
        Assert.Equal("TX2164", wrong.GetProperty("code").GetString());
        Assert.Equal(6, wrong.GetProperty("line").GetInt32());
        // One operand is enough to show it.
        Assert.EndsWith(", all else 0", wrong.GetProperty("witness").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(", x", wrong.GetProperty("witness").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatEndsTheProcessIsNamedAndTheRestIsChecked()
    {
        if (!Avx2.IsSupported) return;
        const string Program = """
            intrin stops(x: i32[8], y: i32[8], z: i32[8]) on cpu("avx2") {
                z[i] = x[i] + y[i]
                emit asm "ud2; vpaddd {z}, {x}, {y}"(x, y) -> z
            }
            intrin misspelled(x: i32[8], y: i32[8], z: i32[8]) on cpu("avx2") {
                z[i] = x[i] + y[i]
                emit asm "vpaddq8 {z}, {x}, {y}"(x, y) -> z
            }
            intrin good(x: i16[8, 2], y: i16[8, 2], acc: i32[8]) on cpu("avx2") {
                acc[i] += sum(k: i32(x[i, k]) * i32(y[i, k]))
                emit asm "vpmaddwd {p}, {x}, {y}"(x, y) -> p: i32[8]
                emit asm "vpaddd {acc}, {acc}, {p}"(acc, p) -> acc
            }
            """;
        var result = CommandLine.RunText("check", Program, "--intrinsics");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error[TX2165]: what `stops` emits is not compiled: the process that compiled and ran it has ended: exit code", result.Error, StringComparison.Ordinal);
        Assert.Contains("error[TX2165]: what `misspelled` emits is not compiled: the assembler refuses", result.Error, StringComparison.Ordinal);
        Assert.Contains("invalid instruction mnemonic", result.Error, StringComparison.Ordinal);
        Assert.Contains("`good` agrees on", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("avx2.tx")]
    [InlineData("avx512.tx")]
    [InlineData("vnni.tx")]
    [InlineData("neon.tx")]
    public void TheLibraryAgrees(string file)
    {
        var result = CommandLine.Run("check", Repository.PathOf("lib", "targets", file), "--intrinsics");
        Assert.True(result.ExitCode == 0, result.Error);
        // Some have a form in C only.
        string[] outcomes = ["` agrees on", "` is skipped: this machine lacks", "` nothing is emitted: the declared loops run"];
        Assert.Equal(Instructions(file), result.Output.Split('\n').Count(l => outcomes.Any(o => l.Contains(o, StringComparison.Ordinal))));
    }

    [Fact]
    public void AssemblyThatIsRefusedHasItsPlace()
    {
        if (!Avx2.IsSupported) return;
        const string Program = """
            intrin add8(x: i32[8], y: i32[8], z: i32[8]) on cpu("avx2") {
                z[i] = x[i] + y[i]
                emit asm "vpaddx {z}, {x}, {y}"(x, y) -> z
            }
            op plus(X: i32[M, 8], Y: i32[M, 8]) -> Z: i32[M, 8] { Z[i, j] = X[i, j] + Y[i, j] }
            schedule s for plus on cpu("avx2") { Z.j.tensorize(add8) }
            let X = random(i32[5, 8], seed = 1)
            print(plus(X, X))
            """;
        var result = CommandLine.RunText("run", Program);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error[TX4007]: the assembler refuses what this instruction emits", result.Error, StringComparison.Ordinal);
        Assert.Contains("program.tx:3:5", result.Error, StringComparison.Ordinal);
    }

    private static int Instructions(string file) => File.ReadLines(Repository.PathOf("lib", "targets", file)).Count(l => l.StartsWith("intrin ", StringComparison.Ordinal));
}
