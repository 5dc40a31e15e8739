using System.Text.Json;
using System.Text.RegularExpressions;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

public partial class TestCommandTests
{
    private const string Relu = "op relu<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }\n";

    private static string[] Outcomes(CommandResult result) =>
        [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Time().Replace(l, ""))];

    [Fact]
    public void Tests_RunEachByItselfInOrder()
    {
        var result = CommandLine.RunText("test", Relu + """
            const N = 2
            test "keeps what is positive" {
                let X = arange(i32, -2, 3)
                print("seen")
                assert equal(relu(X), [0, 0, 0, 1, 2])
            }
            test "sees constants" { let X = full(f32[N], 1.0); assert equal(relu(X), X) }
            test "nothing" { }
            """);
        Assert.Equal("", result.Error);
        Assert.Equal(["seen", "passed  keeps what is positive", "passed  sees constants", "passed  nothing", "3 tests: 3 passed, 0 failed"], Outcomes(result));
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("assert 1 == 2", "TX5701")]
    [InlineData("assert relu(1)", "TX1712")]
    [InlineData("let x = missing", "TX1701")]
    [InlineData("bench relu(zeros(f32[2]))", "TX1706")]
    [InlineData("const c = 1", "TX1706")]
    [InlineData("op f(A: f32[N]) -> B: f32[N] { B[i] = A[i] }", "TX1706")]
    [InlineData("let a = 1; let a = 2", "TX1709")]
    [InlineData("let a = load(\"nowhere.npy\")", "TX5010")]
    public void AnErrorInATest_FailsItAlone(string body, string code)
    {
        var result = CommandLine.RunText("test", $"{Relu}test \"first\" {{ assert true }}\ntest \"wrong\" {{ {body} }}\ntest \"last\" {{ assert true }}");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(["passed  first", "failed  wrong", "passed  last", "3 tests: 2 passed, 1 failed"], Outcomes(result));
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split("error[").Skip(1));
    }

    [Fact]
    public void ATest_DoesNotSeeTheFilesValues()
    {
        var result = CommandLine.RunText("test", "let A = full(f32[2], 1)\ntest \"a\" { let B = 1; assert equal(A, A) }\ntest \"b\" { assert B == 1 }\n");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("a test does not see the values of the file", result.Error, StringComparison.Ordinal);
        Assert.Equal(["failed  a", "failed  b", "2 tests: 0 passed, 2 failed"], Outcomes(result));
    }

    [Fact]
    public void Run_LeavesTestsAloneAndCheckChecksThem()
    {
        const string Program = "test \"t\" { assert nothing }\nprint(1)\n";
        var run = CommandLine.RunText("run", Program);
        Assert.Equal((0, "1\n", ""), (run.ExitCode, run.Output, run.Error));
        var check = CommandLine.RunText("check", Program);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains("TX1701", check.Error, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.RunText("check", "test \"t\" { assert 1 == 2 }").ExitCode);
        Assert.Equal(1, CommandLine.RunText("check", "test \"t\" { }\ntest \"t\" { }").ExitCode);
    }

    [Fact]
    public void Filter_ChoosesByTitle()
    {
        const string Program = "test \"sum of rows\" { assert true }\ntest \"product\" { assert false }\n";
        var result = CommandLine.RunText("test", Program, "--filter", "rows");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["passed  sum of rows", "1 test: 1 passed, 0 failed"], Outcomes(result));
        Assert.Equal(2, CommandLine.RunText("test", Program, "--filter", "absent").ExitCode);
        Assert.Equal(0, CommandLine.RunText("test", "let x = 1\n").ExitCode);
    }

    [Fact]
    public void Json_HasOneObjectATestAndASummary()
    {
        var result = CommandLine.RunText("test", "test \"good\" { print(7) }\ntest \"bad\" { assert 1 == 2 }\n", "--json");
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Error);
        Assert.Equal(3, lines.Count);
        Assert.Equal(("good", "passed", "7\n", 1), (lines[0].GetProperty("test").GetString(), lines[0].GetProperty("outcome").GetString(), lines[0].GetProperty("output").GetString(), lines[0].GetProperty("line").GetInt32()));
        Assert.Equal("failed", lines[1].GetProperty("outcome").GetString());
        Assert.Equal("TX5701", lines[1].GetProperty("diagnostics")[0].GetProperty("code").GetString());
        Assert.True(lines[1].GetProperty("ms").GetDouble() >= 0);
        Assert.Equal((1, 1), (lines[2].GetProperty("passed").GetInt32(), lines[2].GetProperty("failed").GetInt32()));
    }

    [Fact]
    public void WrongFiles_AreTheProgramsFaultAndMissingOnesTheCalls()
    {
        Assert.Equal(1, CommandLine.RunText("test", "test \"t\" { \n").ExitCode);
        Assert.Equal(1, CommandLine.RunText("test", "op f(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] }\ntest \"t\" { }").ExitCode);
        Assert.Equal(2, CommandLine.Run("test", "/nowhere/program.tx").ExitCode);
        Assert.Equal(2, CommandLine.Run("test").ExitCode);
    }

    [Fact]
    public void TestsOfImportedFiles_AreNotRun()
    {
        using var folder = new TemporaryFolder();
        folder.Write("lib.tx", Relu + "test \"of the library\" { assert false }\n");
        string file = folder.Write("program.tx", "import \"lib.tx\"\ntest \"own\" { assert equal(relu([-1, 1]), [0, 1]) }\n");
        var result = CommandLine.Run("test", file);
        Assert.Equal(["passed  own", "1 test: 1 passed, 0 failed"], Outcomes(result));
    }

    [GeneratedRegex(@"  \([\d.]+ ms\)$")]
    private static partial Regex Time();
}
