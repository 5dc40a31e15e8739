using System.Diagnostics;
using System.Text.RegularExpressions;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Libraries;

/// <summary><c>docs/aot.md</c> is true: its commands run, and its C is that of <c>examples/library</c>, which is built and runs.</summary>
public sealed partial class LibraryManualTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private static readonly string Manual = File.ReadAllText(Repository.PathOf("docs", "aot.md"));

    public void Dispose() => _folder.Dispose();

    private string Build(string line)
    {
        string program = Repository.PathOf("examples", "library", "kernels.tx"), output = Path.Combine(_folder.Path, "out");
        var result = CommandLine.Run([.. line.Split(' ')[1..].Select(a => a == "kernels.tx" ? program : a == "out" ? output : a)]);
        Assert.True(result.ExitCode == 0, $"{line}\n{result.Error}");
        return output;
    }

    [Fact]
    public void Every_command_of_the_manual_runs()
    {
        var lines = Commands().Matches(Manual).Select(m => m.Groups[1].Value.Trim()).ToList();
        Assert.True(lines.Count >= 4);
        Assert.All(lines, l => Build(l));
    }

    [Fact]
    public void The_example_is_that_of_the_manual_and_runs()
    {
        string source = File.ReadAllText(Repository.PathOf("examples", "library", "main.c"));
        var blocks = Code().Matches(Manual).Select(m => m.Groups[1].Value).ToList();
        Assert.True(blocks.Count >= 3);
        Assert.All(blocks, b => Assert.Contains(b, source, StringComparison.Ordinal));

        string folder = Build("tx build kernels.tx -o out --emit static,header"), program = Path.Combine(_folder.Path, "main");
        NativeForms.Compile("-std=c11", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I" + folder, "-o", program, Repository.PathOf("examples", "library", "main.c"), Path.Combine(folder, "libkernels.a"), "-lm");
        using var process = Process.Start(new ProcessStartInfo(program) { RedirectStandardOutput = true })!;
        Assert.Equal("4.5 0 -> 0.989 0.011\n10.5 0 -> 1.000 0.000\n`b` has 2 dimensions, and 1 are needed\n", process.StandardOutput.ReadToEnd());
    }

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Commands();

    [GeneratedRegex(@"^```c\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();
}
