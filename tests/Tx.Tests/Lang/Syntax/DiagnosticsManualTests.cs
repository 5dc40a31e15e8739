using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

/// <summary>The sections of <c>docs/diagnostics.md</c> about texts: each shows a program with the error and the same program mended.</summary>
public partial class DiagnosticsManualTests
{
    [GeneratedRegex(@"^## (?<code>TX0\d{3}) (?<title>.*)\n(?<text>(?:(?!^## ).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Program();

    [Fact]
    public void ExamplesHaveTheirErrorAndMended()
    {
        string manual = File.ReadAllText(Path.Combine(CaseFiles.Root, "docs", "diagnostics.md"));
        var sections = Section().Matches(manual).ToDictionary(m => m.Groups["code"].Value);
        var descriptors = typeof(SyntaxDiagnostics).GetFields().Select(f => (DiagnosticDescriptor)f.GetValue(null)!).ToList();
        Assert.Equal(descriptors.Select(d => d.Code).Order(), sections.Keys.Order());
        foreach (var descriptor in descriptors)
        {
            var section = sections[descriptor.Code];
            Assert.Equal(descriptor.Title, section.Groups["title"].Value);
            string[] programs = [.. Program().Matches(section.Groups["text"].Value).Select(p => p.Groups["program"].Value)];
            if (programs.Length == 0) continue;
            Assert.Equal([descriptor.Code], ParsedText.Codes(programs[0]).Distinct());
            Assert.Equal([], ParsedText.Codes(programs[1]));
        }
    }
}
