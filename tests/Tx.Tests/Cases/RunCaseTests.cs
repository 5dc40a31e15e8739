using Tx.Tests.Support;

namespace Tx.Tests.Cases;

/// <summary><c>tests/cases/run/*.tx</c>: programs that compare compiled results with files that NumPy wrote (<c>make.py</c> beside them).</summary>
public class RunCaseTests
{
    public static TheoryData<string> Programs() =>
        [.. Directory.EnumerateFiles(Repository.PathOf("tests", "cases", "run"), "*.tx").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Programs))]
    public void Program_AgreesWithNumPy(string name)
    {
        var result = CommandLine.Run("run", Repository.PathOf("tests", "cases", "run", name));
        Assert.True(result.ExitCode == 0, result.Error);
    }

    [Theory, MemberData(nameof(Programs))]
    public void Program_AgreesWithNumPy_ByKernelsForAllSizes(string name)
    {
        var result = CommandLine.Run("run", Repository.PathOf("tests", "cases", "run", name), "--symbolic");
        Assert.True(result.ExitCode == 0, result.Error);
    }

    public static TheoryData<string> TestedPrograms() =>
        [.. Directory.EnumerateFiles(Repository.PathOf("tests", "cases", "run"), "*.tx").Where(f => File.ReadAllText(f).Contains("\ntest \"", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(TestedPrograms))]
    public void Tests_Pass(string name)
    {
        var result = CommandLine.Run("test", Repository.PathOf("tests", "cases", "run", name));
        Assert.True(result.ExitCode == 0, $"{result.Output}{result.Error}");
    }

    [Theory]
    [InlineData("session.tx")]
    public void Example_Runs(string name)
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.EnumerateFiles(Repository.PathOf("examples")))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        var result = CommandLine.Run("run", Path.Combine(folder.Path, name));
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
