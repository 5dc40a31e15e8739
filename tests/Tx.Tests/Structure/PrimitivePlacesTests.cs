using System.Text.Json;
using System.Text.RegularExpressions;
using Tx.Lang.Schedules;
using Tx.Lower.Schedule.Steps;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>Every primitive has all the places that <c>docs/contributing/add-a-primitive.md</c> names, and what the page names exists.</summary>
public partial class PrimitivePlacesTests
{
    private static readonly string s_page = File.ReadAllText(Repository.PathOf("docs", "contributing", "add-a-primitive.md"));

    public static TheoryData<string> Primitives() => [.. Vocabulary.Primitives.Select(p => p.Name)];

    [Theory, MemberData(nameof(Primitives))]
    public void HasARuleAndASection(string primitive)
    {
        Assert.NotNull(PrimitiveTable.Find(primitive));
        Assert.Contains($"\n## {primitive}\n", File.ReadAllText(Repository.PathOf("docs", "schedules.md")), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Primitives))]
    public void IsTriedByRandomSchedulesAndHasItsMutants(string primitive)
    {
        string mutants = Row().Matches(s_page).Single(m => m.Groups["name"].Value == primitive).Groups["mutants"].Value;
        Assert.Contains(Directory.EnumerateFiles(Repository.PathOf("src", "Compiler", "Fuzz", "Schedules"), "ScheduleGenerator*.cs"),
            f => File.ReadAllText(f).Contains($", \"{primitive}\", ", StringComparison.Ordinal));
        if (mutants.StartsWith("none", StringComparison.Ordinal)) return;
        var known = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "mutants", "schedules.json"))).RootElement.EnumerateArray().Select(m => m.GetProperty("name").GetString()!).ToList();
        Assert.All(mutants.Split(", "), m => Assert.Contains(m, known));
    }

    [Fact]
    public void TheTablesHaveNothingElse()
    {
        var known = Vocabulary.Primitives.Select(p => p.Name).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(known, Row().Matches(s_page).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal));
        string table = File.ReadAllText(Repository.PathOf("src", "Lower", "Schedule", "Steps", "PrimitiveTable.cs"));
        Assert.Equal(known, Rule().Matches(table).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WhatThePageNamesExists()
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (string folder in new[] { "src", "tests" })
            foreach (string file in Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories))
                words.UnionWith(Word().Matches(File.ReadAllText(file)).Select(m => m.Value));
        foreach (Match m in Code().Matches(s_page))
        {
            string code = m.Groups[1].Value;
            if (FilePath().IsMatch(code)) Assert.True(File.Exists(Repository.PathOf(code.Split('/'))), $"{code} is no file");
            else if (Identifier().IsMatch(code)) Assert.All(code.Split('.'), part => Assert.Contains(part, words));
        }
        // The lines that it quotes stand in the source.
        foreach (Match m in Quoted().Matches(s_page))
            Assert.Contains(Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories),
                f => Collapsed(File.ReadAllText(f)).Contains(Collapsed(m.Groups[1].Value).Trim(), StringComparison.Ordinal));

        static string Collapsed(string text) => Regex.Replace(text, @"\s+", " ");
    }

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<mutants>.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\s+\[""(\w+)""\] = ", RegexOptions.Multiline)]
    private static partial Regex Rule();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^(src|docs|tests)/[\w./-]+\.\w+$")]
    private static partial Regex FilePath();

    [GeneratedRegex(@"^[A-Z]\w*(\.[A-Z]\w*)*$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^```csharp\n((?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Word();
}
