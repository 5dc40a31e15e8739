using Tx.Tests.Support;

namespace Tx.Tests.Cases;

/// <summary><c>tests/cases/regressions/*.tx</c>: programs that went wrong once, as small as they get; <c>tx fuzz --schedules --shrink</c> writes them.</summary>
public class RegressionCaseTests
{
    public static TheoryData<string> Programs() =>
        [.. Directory.EnumerateFiles(Repository.PathOf("tests", "cases", "regressions"), "*.tx").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Programs))]
    public void Program_Agrees(string name) => Run(name);

    [Theory, MemberData(nameof(Programs))]
    public void Program_Agrees_ByKernelsForAllSizes(string name) => Run(name, "--symbolic");

    private static void Run(string name, params string[] options)
    {
        var result = CommandLine.Run(["run", Repository.PathOf("tests", "cases", "regressions", name), .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
