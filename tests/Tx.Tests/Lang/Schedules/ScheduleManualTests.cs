using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Tests.Support;

namespace Tx.Tests.Lang.Schedules;

/// <summary>The manual's programs for errors of schedules: the first has the error and no other, the second has none.</summary>
public partial class ScheduleManualTests
{
    [Fact]
    public void Sections()
    {
        var wrong = new List<string>();
        int count = 0;
        foreach (Match section in Section().Matches(File.ReadAllText(Repository.PathOf("docs", "diagnostics.md"))))
        {
            string code = section.Groups["code"].Value;
            if (string.CompareOrdinal(code, "TX2046") >= 0) continue;
            count++;
            var programs = Program().Matches(section.Groups["text"].Value).Select(m => m.Groups["program"].Value).ToList();
            if (programs is not [var first, var mended]) continue;
            Check(code, mended, []);
            Check(code, first, [code]);
            CheckFix(code, first);
        }
        Assert.True(count >= 45);
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));

        void Check(string code, string program, string[] expected)
        {
            var found = Errors(program);
            if (!found.Select(d => d.Code).SequenceEqual(expected)) wrong.Add($"{code}:\n{program}\n{string.Join("\n", found.Select(d => $"{d.Span}: {d.Code} {d.Message}"))}");
        }

        void CheckFix(string code, string program)
        {
            if (Errors(program)[0].Fix is not { } fix) return;
            string mended = program[..fix.Span.Span.Start] + fix.Replacement + program[fix.Span.Span.End..];
            Check(code, mended, []);
        }
    }

    private static List<Diagnostic> Errors(string program)
    {
        var text = Elaborated.Text(program);
        var found = new List<Diagnostic>();
        foreach (var s in text.Module.Table.Schedules.Values)
        {
            var head = ScheduleElaborator.CheckHeader(s, text.Module.Table);
            string? op = text.Module.Table.Operators.ContainsKey(s.Clauses.OfType<Tx.Lang.Syntax.ForClauseSyntax>().FirstOrDefault()?.Operator.Text ?? "") ? s.Clauses.OfType<Tx.Lang.Syntax.ForClauseSyntax>().First().Operator.Text : null;
            found.AddRange(op is null ? head : ScheduleElaborator.Elaborate(s, text.Interface(op), text.Module, Elaborated.Target).Diagnostics);
        }
        return found;
    }

    [GeneratedRegex(@"^## (?<code>TX20\d\d) .*?\n(?<text>.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```tx\n(?<program>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Program();
}
