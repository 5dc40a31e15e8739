using System.Text.RegularExpressions;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>Docs are true: their programs run.</summary>
public partial class DocumentationTests
{
    public static TheoryData<string, int> Programs()
    {
        var data = new TheoryData<string, int>();
        foreach (string file in new[] { "README.md", "docs/language.md", "lib/README.md" })
            for (int i = 0; i < Blocks(file).Count; i++) data.Add(file, i);
        return data;
    }

    [Theory, MemberData(nameof(Programs))]
    public void Program_InTheDocsRuns(string file, int block)
    {
        var result = CommandLine.RunText("run", Blocks(file)[block]);
        Assert.True(result.ExitCode == 0, $"{file}, program {block + 1}:\n{result.Error}");
    }

    private static List<string> Blocks(string file) =>
        [.. CodeBlock().Matches(File.ReadAllText(Repository.PathOf(file))).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"^```tx\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
