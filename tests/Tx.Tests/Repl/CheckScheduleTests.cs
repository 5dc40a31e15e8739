using Tx.Tests.Support;

namespace Tx.Tests.Repl;

/// <summary>What <c>tx check</c> applies of the schedules in a file, and what it says of those that it does not.</summary>
public class CheckScheduleTests
{
    private static string Up(int least, string more = "") =>
        $"op up(X: f32[N], const R: int) -> Y: f32[N * R] require R >= {least} {{ Y[i] = X[i / R] }}\nschedule s for up on cpu {{ (io, ii) = Y.i.split(4 * R) }}\n{more}";

    [Fact]
    public void AConstHasTheValuesOfTheCalls()
    {
        var result = CommandLine.RunText("check", Up(1, "let X = random(f32[8], seed = 1)\nlet n = 2 + 1\nlet a = up(X, n)\ntest \"t\" { print(up(zeros(f32[8]), R = 7)) }\n"), "--evidence");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("schedule `s` on cpu for R = 3\n  (io, ii) = Y.i.split(12)", result.Output, StringComparison.Ordinal);
        Assert.Contains("schedule `s` on cpu for R = 7\n  (io, ii) = Y.i.split(28)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AConstThatNoCallGivesIsSaid()
    {
        var result = CommandLine.RunText("check", Up(1));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("note[TX2093]: the schedule `s` is checked for R = 1 only", result.Error, StringComparison.Ordinal);
        Assert.Contains("-D R=", result.Error, StringComparison.Ordinal);
        var given = CommandLine.RunText("check", Up(1), "-D", "R=5", "--evidence");
        Assert.Equal((0, ""), (given.ExitCode, given.Error));
        Assert.Contains("for R = 5\n", given.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotCheckedIsSaid()
    {
        var result = CommandLine.RunText("check", Up(100), "--json");
        Assert.Equal(0, result.ExitCode);
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, l => l.Contains("\"TX1719\"", StringComparison.Ordinal) && l.Contains("\"note\"", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("\"TX2092\"", StringComparison.Ordinal));
        // Running a program says nothing of what was not checked.
        Assert.Equal((0, ""), (CommandLine.RunText("run", Up(100)) is var run ? run.ExitCode : 0, run.Error));
        Assert.Contains("for R = 200\n", CommandLine.RunText("check", Up(100), "-D", "R=200", "--evidence").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ADevicesScheduleIsApplied()
    {
        const string Program = "op copy(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] }\nschedule g for copy on gpu {\n    Y.i.bind(block.x)\n    Y.j.bind(thread.x)\n}\n";
        var result = CommandLine.RunText("check", Program, "--evidence");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("schedule `g` on gpu\n  Y.i.bind(block.x)\n      proved: ", result.Output, StringComparison.Ordinal);
        var shown = CommandLine.RunText("print", Program, "--op", "copy", "--schedule", "g", "--stage", "loops");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("bound axis \"thread.x\"", shown.Output, StringComparison.Ordinal);
        Assert.Contains("TX2149", CommandLine.RunText("print", Program, "--op", "copy", "--schedule", "g", "--stage", "asm").Error, StringComparison.Ordinal);
        Assert.Contains("TX2149", CommandLine.RunText("check", Program + "let X = zeros(f32[2, 2])\nlet Y = copy(X, using = g)\n").Error, StringComparison.Ordinal);
        var wrong = CommandLine.RunText("check", Program.Replace("thread.x", "block.x", StringComparison.Ordinal));
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("TX2105", wrong.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("knob f in 1..9 = 8", 0, "")]
    [InlineData("knob f in 4..4", 1, "TX2032")]
    [InlineData("knob f in 1..1099511627776", 1, "TX2032")]
    [InlineData("knob f in 1..9 = 9", 1, "TX2033")]
    [InlineData("knob f in 2 * 2..3 * 4 = 11", 0, "")]
    public void ADomainIsARange(string knob, int exit, string code)
    {
        var result = CommandLine.RunText("check", $"op copy(X: f32[N]) -> Y: f32[N] {{ Y[i] = X[i] }}\nschedule s for copy on cpu {{\n    {knob}\n    (io, ii) = Y.i.split(f)\n}}\n");
        Assert.Equal(exit, result.ExitCode);
        Assert.Contains(code, result.Error, StringComparison.Ordinal);
    }
}
