using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Core.Sets;
using Tx.Lang.Proofs;
using Tx.Tests.Support;

namespace Tx.Tests.Lang.Proofs;

/// <summary>The sections of <c>docs/diagnostics.md</c> about proofs: each shows a program with the error and the same program mended.</summary>
public sealed partial class ProofManualTests
{
    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Programs();

    public static TheoryData<string> Codes() => [.. typeof(ProofDiagnostics).GetFields().Select(f => ((DiagnosticDescriptor)f.GetValue(null)!).Code)];

    private static string Section(DiagnosticDescriptor descriptor)
    {
        string manual = File.ReadAllText(Repository.PathOf("docs", "diagnostics.md"));
        string title = $"\n## {descriptor.Code} {descriptor.Title}\n";
        Assert.Contains(title, manual, StringComparison.Ordinal);
        string rest = manual[(manual.IndexOf(title, StringComparison.Ordinal) + title.Length)..];
        int end = rest.IndexOf("\n## ", StringComparison.Ordinal);
        return end < 0 ? rest : rest[..end];
    }

    [Theory, MemberData(nameof(Codes))]
    public void Example_has_its_error_and_is_mended(string code)
    {
        var descriptor = typeof(ProofDiagnostics).GetFields().Select(f => (DiagnosticDescriptor)f.GetValue(null)!).Single(d => d.Code == code);
        string[] programs = [.. Programs().Matches(Section(descriptor)).Select(p => p.Groups["program"].Value)];
        Assert.Equal(2, programs.Length);
        var broken = CommandLine.RunText("run", programs[0]);
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains(code, broken.Error, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(broken.Error, @"TX\d{4}"));
        var mended = CommandLine.RunText("run", programs[1]);
        Assert.True(mended.ExitCode == 0, mended.Error);
    }

    [Fact]
    public void The_missing_library_has_a_section() => Assert.Contains("TX_ISL", Section(SetDiagnostics.LibraryMissing), StringComparison.Ordinal);
}
