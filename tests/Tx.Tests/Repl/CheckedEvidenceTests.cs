using System.Text.Json;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

/// <summary>Steps that are checked, or tested, from the program's text to the kernel.</summary>
public class CheckedEvidenceTests
{
    private const string Squares = """
        op squares(X: f32[N]) -> Y: f32[N * N] {
            Y[k] = 0
            Y[i * i] += X[i]
        }

        """;
    private const string Calls = """
        let X = random(f32[37], seed = 1)
        assert equal(squares(X), reference(squares(X)))
        assert equal(symbolic(squares(X)), reference(squares(X)))
        """;

    private static string Schedule(string body) => $"schedule s for squares on cpu {{\n{body}\n}}\n";

    [Fact]
    public void Checked()
    {
        string program = Squares + Schedule("(io, ii) = Y.update(0).i.split(8)\nio.parallel()\nii.vectorize()") + Calls;
        var check = CommandLine.RunText("check", program, "--evidence");
        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.Matches(@"\n      proved: the order of the iterations stays \(tier 1, [0-9.]+ ms\)\n", check.Output);
        Assert.Matches(@"\n      checked: the nests before and after it agree at [0-9]+ choices of sizes \(tier 2, [0-9.]+ ms\)\n", check.Output);
        Assert.Equal((0, ""), (CommandLine.RunText("run", program) is var run ? run.ExitCode : 0, run.Error));
        string[] tiers = [.. CommandLine.RunText("check", program, "--evidence", "--json").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.TryGetProperty("tier", out _)).Select(e => e.GetProperty("tier").GetString()!)];
        Assert.Equal(["proved", "checked", "checked"], tiers);
    }

    // Sizes that reach the tails of both factors take the interpreter more than its time.
    [Fact]
    public void Tested()
    {
        string program = Squares + Schedule("(io, ii) = Y.update(0).i.split(600)\nii.vectorize(4)") + Calls;
        var check = CommandLine.RunText("check", program, "--evidence");
        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.Matches(@"\n      tested: its kernel and the reference agree on [0-9]+ random inputs \(tier 3, [0-9.]+ ms\)\n", check.Output);
        // Kept, or it would be refused.
        Assert.Equal((0, ""), (CommandLine.RunText("run", program) is var run ? run.ExitCode : 0, run.Error));
    }

    // Of these a test of the kernel says too little.
    [Fact]
    public void Threads_are_not_only_tested()
    {
        var check = CommandLine.RunText("check", Squares + Schedule("(io, ii) = Y.update(0).i.split(100000)\nio.parallel()").Replace("on cpu", "on cpu when N > 100000", StringComparison.Ordinal));
        Assert.Equal(1, check.ExitCode);
        Assert.Contains("TX2154", check.Error, StringComparison.Ordinal);
        Assert.Contains("leave this line out", check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_when_limits_what_is_claimed()
    {
        const string spread = "op spread(X: f32[N]) -> Y: f32[N * N + 16] { Y[k] = 0; Y[(i - 3) * (i - 3)] += X[i] }\n";
        const string schedule = "schedule s for spread on cpu { Y.update(0).i.parallel() }\n";
        Assert.Contains("TX2153", CommandLine.RunText("check", spread + schedule).Error, StringComparison.Ordinal);
        Assert.Equal((0, ""), (CommandLine.RunText("check", spread + schedule.Replace("on cpu", "on cpu when N >= 2 && N <= 4", StringComparison.Ordinal)) is var few ? few.ExitCode : 0, few.Error));
        // Sizes that it excludes count neither way.
        Assert.Contains("TX2153", CommandLine.RunText("check", spread + schedule.Replace("on cpu", "on cpu when N > 40", StringComparison.Ordinal)).Error, StringComparison.Ordinal);
        // By name a schedule is taken for any sizes, and its evidence is not.
        string named = spread + schedule.Replace("on cpu", "on cpu when N >= 2 && N <= 4", StringComparison.Ordinal) + "let X = zeros(f32[9])\nlet Y = spread(X, using = s)\n";
        Assert.Contains("TX2153", CommandLine.RunText("run", named).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernel_has_it()
    {
        using var folder = new TemporaryFolder();
        using var session = new Session(new(), new Quiet());
        // A check has the time that a call may lack.
        Assert.True(session.Check(folder.Write("program.tx", Squares + Schedule("Y.update(0).i.parallel()"))));
        foreach (var sizes in (System.Collections.Immutable.ImmutableDictionary<string, long>[])[System.Collections.Immutable.ImmutableDictionary<string, long>.Empty, System.Collections.Immutable.ImmutableDictionary<string, long>.Empty.Add("N", 33)])
        {
            var step = Assert.Single(OperatorRequest.Find(session, "squares", sizes).Compile().Image.Evidence);
            Assert.Equal(("Y.update(0).i.parallel()", "checked"), (step.Step, step.Tier));
        }
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
