using System.Reflection;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>Docs are true: their programs run, and every code of a diagnostic has its section and its case.</summary>
public partial class DocumentationTests
{
    public static TheoryData<string, int> Programs()
    {
        var data = new TheoryData<string, int>();
        foreach (string file in new[] { "README.md", "docs/language.md" })
            for (int i = 0; i < Blocks(file).Count; i++) data.Add(file, i);
        return data;
    }

    [Theory, MemberData(nameof(Programs))]
    public void Program_InTheDocsRuns(string file, int block)
    {
        var result = CommandLine.RunText("run", Blocks(file)[block]);
        Assert.True(result.ExitCode == 0, $"{file}, program {block + 1}:\n{result.Error}");
    }

    [Fact]
    public void Codes_AreUniqueAndEachHasASectionAndACase()
    {
        var descriptors = Descriptors().ToList();
        Assert.True(descriptors.Count >= 20);
        Assert.Empty(descriptors.GroupBy(d => d.Code).Where(g => g.Count() > 1).Select(g => g.Key));
        string manual = File.ReadAllText(Repository.PathOf("docs", "diagnostics.md"));
        var undocumented = descriptors.Select(d => d.Code).Where(c => !manual.Contains($"\n## {c} ", StringComparison.Ordinal)).ToList();
        Assert.True(undocumented.Count == 0, $"no section for {string.Join(", ", undocumented)}");
        var known = descriptors.Select(d => d.Code).ToHashSet(StringComparer.Ordinal);
        Assert.Equal([], Section().Matches(manual).Select(m => m.Groups[1].Value).Except(known));
    }

    [Fact]
    public void Explain_ShowsEverySection()
    {
        foreach (var d in Descriptors())
        {
            var result = CommandLine.Run("explain", d.Code);
            Assert.Equal(0, result.ExitCode);
            Assert.StartsWith($"## {d.Code} ", result.Output, StringComparison.Ordinal);
        }
    }

    internal static IEnumerable<DiagnosticDescriptor> Descriptors() =>
        from assembly in new[] { "Tx.Core", "Tx.Lang", "Tx.Lower", "Tx.Runtime", "Tx.Backends", "Tx" }
        from type in Assembly.Load(assembly).GetTypes()
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where field.FieldType == typeof(DiagnosticDescriptor)
        select (DiagnosticDescriptor)field.GetValue(null)!;

    private static List<string> Blocks(string file) =>
        [.. CodeBlock().Matches(File.ReadAllText(Repository.PathOf(file))).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"^```tx\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^## (TX\d{4}) ", RegexOptions.Multiline)]
    private static partial Regex Section();
}
