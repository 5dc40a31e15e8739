using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary><c>docs/diagnostics.md</c> has a section for every diagnostic: most with a program that has the error and nothing else, and the same program mended.</summary>
public partial class DiagnosticsManualTests
{
    public static TheoryData<string> Codes() => [.. Sections.Keys];

    [Fact]
    public void EveryDiagnosticHasItsSection()
    {
        var descriptors = Descriptors().ToList();
        Assert.Empty(descriptors.GroupBy(d => d.Code).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.Equal(descriptors.Select(d => $"{d.Code} {d.Title}").Order(StringComparer.Ordinal), Sections.Values.Select(s => $"{s.Code} {s.Title}"));
        Assert.True(Sections.Values.Count(s => s.Programs.Count > 0) >= 45);
    }

    [Theory, MemberData(nameof(Codes))]
    public void ExampleHasItsErrorAndIsMended(string code)
    {
        var section = Sections[code];
        var explained = CommandLine.Run("explain", code);
        Assert.Equal(0, explained.ExitCode);
        Assert.StartsWith($"## {code} {section.Title}\n", explained.Output, StringComparison.Ordinal);
        if (section.Programs is not [var wrong, .. var rest]) return;

        var severity = Descriptors().Single(d => d.Code == code).Severity;
        using var folder = new TemporaryFolder();
        var (exit, found) = Messages(folder, wrong);
        Assert.True(found.Exists(d => d.Code == code), $"{code} is not reported:\n{string.Join('\n', found)}");
        Assert.Equal(severity is Severity.Error ? 1 : 0, exit);
        Assert.InRange(found.Count(d => d.Severity == "error"), severity is Severity.Error ? 1 : 0, 2);
        if (found.Exists(d => d.Fix is not null))
        {
            // One edit after another, as an editor applies them.
            string edited = wrong;
            for (int i = 0; i < 8 && found.Select(d => d.Fix).OfType<Edit>().FirstOrDefault() is { Line: > 0 } edit; i++)
            {
                edited = Apply(edited, edit);
                (exit, found) = Check(folder, "check", edited);
            }
            Assert.True(exit == 0, $"{code} mended by its own edit:\n{edited}\n{string.Join('\n', found)}");
        }

        if (!code.StartsWith("TX3", StringComparison.Ordinal)) Assert.Single(rest);
        foreach (string mended in rest)
        {
            foreach (string command in new[] { "check", "run" })
            {
                var (mendedExit, left) = Check(folder, command, mended);
                Assert.True(mendedExit == 0 && left.Count == 0, $"{code} mended, {command}:\n{string.Join('\n', left)}");
            }
        }
    }

    /// <summary>What <c>tx check</c> says, or <c>tx run</c> where that is silent.</summary>
    private static (int Exit, List<Message> Found) Messages(TemporaryFolder folder, string program)
    {
        var result = Check(folder, "check", program);
        return result.Found.Count > 0 ? result : Check(folder, "run", program);
    }

    private static (int Exit, List<Message> Found) Check(TemporaryFolder folder, string command, string program)
    {
        string file = folder.Write("program.tx", program);
        if (command == "check")
        {
            var checkedResult = CommandLine.Run("check", "--json", file);
            return (checkedResult.ExitCode, [.. checkedResult.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Message.Parse).OfType<Message>()]);
        }
        var result = CommandLine.Run(command, file);
        return (result.ExitCode, [.. Rendered().Matches(result.Error).Select(m => new Message(m.Groups["code"].Value, m.Groups["severity"].Value, null))]);
    }

    private static string Apply(string program, Edit edit)
    {
        string[] lines = program.Split('\n');
        int Offset(int line, int column) => lines.Take(line - 1).Sum(l => l.Length + 1) + column - 1;
        return program[..Offset(edit.Line, edit.Column)] + edit.Text + program[Offset(edit.EndLine, edit.EndColumn)..];
    }

    internal static IEnumerable<DiagnosticDescriptor> Descriptors() =>
        from assembly in new[] { "Tx.Core", "Tx.Lang", "Tx.Lower", "Tx.Runtime", "Tx.Backends", "Tx", "Tx.Repl" }
        from type in Assembly.Load(assembly).GetTypes()
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where field.FieldType == typeof(DiagnosticDescriptor)
        select (DiagnosticDescriptor)field.GetValue(null)!;

    private static readonly SortedDictionary<string, ManualSection> Sections = Read();

    private static SortedDictionary<string, ManualSection> Read()
    {
        var sections = new SortedDictionary<string, ManualSection>(StringComparer.Ordinal);
        foreach (Match m in Section().Matches(File.ReadAllText(Repository.PathOf("docs", "diagnostics.md"))))
        {
            string code = m.Groups["code"].Value;
            sections.Add(code, new(code, m.Groups["title"].Value, [.. Program().Matches(m.Groups["text"].Value).Select(p => p.Groups["program"].Value)]));
        }
        return sections;
    }

    private sealed record ManualSection(string Code, string Title, List<string> Programs);

    private readonly record struct Edit(int Line, int Column, int EndLine, int EndColumn, string Text);

    private sealed record Message(string Code, string Severity, Edit? Fix)
    {
        public static Message? Parse(string line)
        {
            var json = JsonDocument.Parse(line).RootElement;
            if (!json.TryGetProperty("severity", out var severity)) return null;
            Edit? edit = json.TryGetProperty("fix", out var f)
                ? new(f.GetProperty("line").GetInt32(), f.GetProperty("column").GetInt32(), f.GetProperty("endLine").GetInt32(), f.GetProperty("endColumn").GetInt32(), f.GetProperty("text").GetString()!)
                : null;
            return new(json.GetProperty("code").GetString()!, severity.GetString()!, edit);
        }
    }

    [GeneratedRegex(@"^## (?<code>TX\d{4}) (?<title>.*)\n(?<text>(?:(?!^## ).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Program();

    [GeneratedRegex(@"^(?<severity>error|warning)\[(?<code>TX\d{4})\]", RegexOptions.Multiline)]
    private static partial Regex Rendered();
}
