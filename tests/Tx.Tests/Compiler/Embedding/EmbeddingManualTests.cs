using System.Text.RegularExpressions;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Embedding;

/// <summary><c>docs/embedding.md</c> shows the code of <c>examples/embedding</c>, which runs here.</summary>
public partial class EmbeddingManualTests
{
    private static string Dense(string text) => Space().Replace(text, " ").Trim();

    [Fact]
    public void Every_program_of_the_manual_stands_in_the_samples()
    {
        string source = Dense(string.Concat(new[] { "Samples.cs", "Samples.Built.cs" }.Select(f => File.ReadAllText(Repository.PathOf("examples", "embedding", f)))));
        var blocks = Block().Matches(File.ReadAllText(Repository.PathOf("docs", "embedding.md")));
        Assert.True(blocks.Count >= 8);
        source += Dense(File.ReadAllText(Repository.PathOf("tests", "Tx.Tests", "Runtime", "KernelLibraryTests.cs")));
        Assert.All(blocks, b => Assert.Contains(Dense(b.Groups[1].Value), source, StringComparison.Ordinal));
    }

    [Fact]
    public void The_samples_compute_what_they_say()
    {
        var output = new StringWriter { NewLine = "\n" };
        global::Embedding.Samples.Run(output);
        string[] lines = output.ToString().Split('\n');
        Assert.Equal(
        [
            "11 22 0 13 24 0", "1 20 300 4 50 600 = 1 20 300 4 50 600", "1 2 3 4 5 6 10 12 9 10 18 20", "111 222", "1.5 8.5 27.5", "2 4 6",
            "0.25 0.25 0.25 0.25", "1.5 4",
        ], lines[..8]);
        Assert.Equal("error[TX1501]: `A[i + 1]` can be outside: dimension 0 of `A` has the extent `N`", lines[8]);
        Assert.Equal("0.5 1.5", lines[^2]);
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
