using Tx.Fuzz.Mutations;
using Tx.Tests.Support;
using Xunit.Abstractions;

namespace Tx.Tests.Compiler;

/// <summary>Programs that somebody broke give diagnostics, or run alike in every way: nothing is thrown and nothing hangs.
/// <c>tx fuzz --mutate examples docs tests/cases --seed 1 --count 10000</c> is the long run.</summary>
public class MutationTests(ITestOutputHelper output)
{
    private const int Count = 250;

    [Theory, InlineData(20_000), InlineData(30_000)]
    public void MutatedPrograms_GiveDiagnosticsOnly(ulong seed)
    {
        var folders = new[] { "examples", "docs", "tests/cases" }.Select(f => Repository.PathOf(f.Split('/')));
        using var runner = new MutationRunner(folders.SelectMany(ProgramCorpus.Read)) { TimeLimit = TimeSpan.FromSeconds(60) };
        for (int i = 0; i < Count; i++)
        {
            var failure = runner.Run(seed + (ulong)i);
            Assert.True(failure is null, failure?.ToString());
        }
        output.WriteLine($"seeds {seed}..{seed + Count}: {runner.Counts}");
        Assert.True(runner.Counts.Parsed >= Count / 2, $"{runner.Counts.Parsed} of {Count} parse");
        Assert.True(runner.Counts.Compared >= Count / 20, $"{runner.Counts.Compared} of {Count} ran");
    }
}
