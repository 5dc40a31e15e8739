using System.Text.Json;
using Tx.Tests.Support;

namespace Tx.Tests.Cases;

/// <summary>Illegal schedules are refused with the message that helps, at the line that is at fault, and what the message recommends is accepted and right.</summary>
public class RefusedScheduleTests
{
    private static readonly Dictionary<string, RefusedCase> s_cases =
        Directory.EnumerateFiles(Repository.PathOf("tests", "cases", "refused"), "*.tx").Order(StringComparer.Ordinal).SelectMany(RefusedCase.Read).ToDictionary(c => c.Name);

    public static TheoryData<string> Names() => [.. s_cases.Keys];

    public static TheoryData<string, int> Recommendations()
    {
        var data = new TheoryData<string, int>();
        foreach (var c in s_cases.Values)
            for (int n = 0; n < c.Instead.Length; n++) data.Add(c.Name, n);
        return data;
    }

    [Theory, MemberData(nameof(Names))]
    public void Schedule_IsRefused(string name)
    {
        var c = s_cases[name];
        var result = CommandLine.RunText("check", c.Text, "--json");
        var said = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        string all = $"{result.Output}{result.Error}";
        Assert.True(result.ExitCode == 1, all);
        Assert.True(said.Count == c.Expected.Length && c.Expected.Length > 0, all);
        var lines = c.Text.Split('\n');
        foreach (var expected in c.Expected)
        {
            var d = said.FirstOrDefault(x => x.GetProperty("code").GetString() == expected.Code && expected.Parts.All(p => Says(x).Contains(p, StringComparison.Ordinal)));
            Assert.True(d.ValueKind is JsonValueKind.Object, $"nothing says {expected.Code} {string.Join(" | ", expected.Parts)}:\n{all}");
            Assert.True(d.GetProperty("line").ValueKind is JsonValueKind.Number && d.GetProperty("line").GetInt32() is var line && line >= c.FirstLine && line <= lines.Length, all);
            Assert.False(string.IsNullOrEmpty(d.GetProperty("help").GetString()), all);
            if (!expected.HasLabel) continue;
            Assert.True(d.TryGetProperty("labels", out var labels) && labels.EnumerateArray().Any(l => lines[l.GetProperty("line").GetInt32() - 1].Contains('=', StringComparison.Ordinal)), $"no equation is shown:\n{all}");
        }
    }

    [Theory, MemberData(nameof(Recommendations))]
    public void Recommendation_IsAcceptedAndRight(string name, int which)
    {
        var c = s_cases[name];
        Assert.Contains("\nassert ", c.Text, StringComparison.Ordinal);
        string text = c.With(c.Instead[which]);
        var result = CommandLine.RunText("run", text);
        Assert.True(result.ExitCode == 0, $"{result.Error}\n{text}");
    }

    [Fact]
    public void ThereAreManyCases()
    {
        Assert.True(s_cases.Count >= 80, $"{s_cases.Count} cases");
        Assert.True(s_cases.Values.DistinctBy(c => (c.Primitive, c.Reason)).Count() >= 40);
        // A refusal that depends on the compute, by its code, shows the equation.
        foreach (var c in s_cases.Values)
            foreach (var e in c.Expected.Where(e => e.Code is "TX2107" or "TX2113" or "TX2114" or "TX2115" or "TX2116" or "TX2120"))
                Assert.True(e.HasLabel, $"{c.Name} expects no label");
    }

    private static string Says(JsonElement d) =>
        string.Join("\n", new[] { "message", "help", "witness" }.Select(p => d.TryGetProperty(p, out var v) && v.ValueKind is JsonValueKind.String ? v.GetString() : ""));
}
