using System.Text.RegularExpressions;
using Tx.Lang.Schedules;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary><c>docs/schedules.md</c> is true: every program checks and runs without a message, every primitive has a section, and every <c>steps</c> block is what
/// <c>tx print --steps</c> prints for the last step of the program before it.</summary>
public partial class ScheduleDocsTests
{
    private static readonly string s_page = File.ReadAllText(Repository.PathOf("docs", "schedules.md"));
    private static readonly List<Match> s_blocks = [.. Block().Matches(s_page).Cast<Match>()];

    public static TheoryData<int> Programs() => [.. Enumerable.Range(0, s_blocks.Count)];

    [Fact]
    public void EveryPrimitiveHasItsSection() =>
        Assert.Equal(Vocabulary.Primitives.Select(p => p.Name), Heading().Matches(s_page[s_page.IndexOf("\n# Primitives\n", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value));

    [Fact]
    public void EveryStepsBlockFollowsAProgram() =>
        Assert.Equal(Regex.Count(s_page, "^```steps", RegexOptions.Multiline), s_blocks.Count(b => b.Groups["steps"].Success));

    [Theory, MemberData(nameof(Programs))]
    public void ProgramRunsAndItsLastStepIsShown(int number)
    {
        var block = s_blocks[number];
        string program = block.Groups["program"].Value;
        foreach (string command in new[] { "check", "run" })
        {
            var result = CommandLine.RunText(command, program);
            Assert.True(result is { ExitCode: 0, Error: "" } && !result.Output.Contains("[TX", StringComparison.Ordinal), $"{command}:\n{program}\n{result.Output}{result.Error}");
        }
        if (!block.Groups["steps"].Success) return;

        string[] shape = block.Groups["shape"] is { Success: true } sizes ? ["--shape", sizes.Value] : [];
        var printed = CommandLine.RunText("print", program, ["--op", block.Groups["op"].Value, "--steps", .. shape]);
        Assert.Equal(0, printed.ExitCode);
        Assert.Equal(LastStep(printed.Output), block.Groups["steps"].Value);
    }

    // From its heading `// 2. …` to the end.
    private static string LastStep(string printed) => printed[(Step().Matches(printed)[^1].Index)..].TrimEnd('\n') + "\n";

    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```\n(?:\n```steps op=(?<op>\w+)(?: shape=(?<shape>\S+))?\n(?<steps>(?:.*\n)*?)```\n)?", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^## (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^// \d+\. ", RegexOptions.Multiline)]
    private static partial Regex Step();
}
