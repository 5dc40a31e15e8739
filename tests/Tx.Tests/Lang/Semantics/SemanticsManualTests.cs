using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;

namespace Tx.Tests.Lang.Semantics;

/// <summary>The sections of <c>docs/diagnostics.md</c> about names, types and shapes: each shows a program with the error and the same mended.</summary>
public partial class SemanticsManualTests
{
    [GeneratedRegex(@"^## (?<code>TX\d{4}) (?<title>.*)\n(?<text>(?:(?!^## ).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Program();

    [Fact]
    public void Examples_have_their_error_and_mended_have_none()
    {
        var sections = Section().Matches(File.ReadAllText(Path.Combine(CaseFiles.Root, "docs", "diagnostics.md"))).ToDictionary(m => m.Groups["code"].Value);
        var descriptors = typeof(SemanticDiagnostics).GetFields().Concat(typeof(UnsupportedDiagnostics).GetFields()).Select(f => (DiagnosticDescriptor)f.GetValue(null)!);
        var wrong = new List<string>();
        foreach (var descriptor in descriptors)
        {
            Assert.True(sections.TryGetValue(descriptor.Code, out var section), descriptor.Code);
            Assert.Equal(descriptor.Title, section.Groups["title"].Value);
            string[] programs = [.. Program().Matches(section.Groups["text"].Value).Select(p => p.Groups["program"].Value)];
            if (programs.Length == 0) continue;
            if (Codes(programs[0]) is var codes && codes != descriptor.Code) wrong.Add($"{descriptor.Code} example: {codes}");
            if (Codes(programs[1]) is var rest && rest.Length > 0) wrong.Add($"{descriptor.Code} mended: {rest}");
        }
        Assert.Equal([], wrong);
    }

    private static string Codes(string text)
    {
        using var prover = new IslProver();
        var bound = Bound.Of(text, prover);
        bound.Module.CheckConsts(bound.Bag);
        foreach (string name in bound.Module.Table.Operators.Keys)
            if (bound.Bind(name) is { } op) bound.Bag.AddRange(OperatorChecker.Check(op, prover).Diagnostics);
        return string.Join(", ", bound.Bag.Items.Select(d => d.Code).Distinct());
    }
}
