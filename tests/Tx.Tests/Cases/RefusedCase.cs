using System.Text.RegularExpressions;

namespace Tx.Tests.Cases;

/// <summary>What is said of an illegal schedule.</summary>
/// <param name="Parts">Each stands in the message, the help or the witness.</param>
/// <param name="HasLabel">An equation of the operator is shown.</param>
internal sealed record ExpectedRefusal(string Code, string[] Parts, bool HasLabel);

/// <summary>One illegal schedule of <c>tests/cases/refused/*.tx</c>. A file is cut at lines <c>// ----</c>; what stands before the first belongs to every case. A case says
/// <c>// primitive: parallel  reason: carried dependence</c>, one line <c>// expect: TX2105 "part" "part" label</c> for each error, and <c>// instead: "old" -> "new"</c>
/// for what its help recommends: the program with that in its place runs, and its <c>assert</c>s hold.</summary>
internal sealed partial record RefusedCase(string Name, string Text, string Primitive, string Reason, int FirstLine, ExpectedRefusal[] Expected, (string Old, string New)[] Instead)
{
    private const string Cut = "// ----\n";

    public static IEnumerable<RefusedCase> Read(string path)
    {
        string[] parts = File.ReadAllText(path).ReplaceLineEndings("\n").Split(Cut);
        for (int n = 1; n < parts.Length; n++)
        {
            string name = $"{Path.GetFileNameWithoutExtension(path)} {n}";
            var head = Head().Match(parts[n]);
            if (!head.Success) throw new InvalidDataException($"{name} has no line `// primitive: … reason: …`");
            yield return new(name, parts[0] + parts[n], head.Groups[1].Value, head.Groups[2].Value.Trim(), parts[0].Count(c => c == '\n') + 1,
                [.. Expect().Matches(parts[n]).Select(m => new ExpectedRefusal(m.Groups[1].Value, [.. Quoted().Matches(m.Groups[2].Value).Select(q => q.Groups[1].Value)], m.Value.TrimEnd().EndsWith(" label", StringComparison.Ordinal)))],
                [.. Replacement().Matches(parts[n]).Select(m => (m.Groups[1].Value, m.Groups[2].Value))]);
        }
    }

    /// <summary>The program with a recommendation in place of what was refused; the comments stay as they are.</summary>
    public string With((string Old, string New) instead)
    {
        var lines = Text.Split('\n');
        int changed = 0;
        for (int n = FirstLine - 1; n < lines.Length; n++)
        {
            if (lines[n].StartsWith("//", StringComparison.Ordinal) || !lines[n].Contains(instead.Old, StringComparison.Ordinal)) continue;
            lines[n] = lines[n].Replace(instead.Old, instead.New, StringComparison.Ordinal);
            changed++;
        }
        Assert.True(changed == 1, $"{Name}: `{instead.Old}` stands in {changed} lines");
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"^// primitive: (\S+)\s+reason: (.*)$", RegexOptions.Multiline)]
    private static partial Regex Head();

    [GeneratedRegex(@"^// expect: (TX\d+)(.*)$", RegexOptions.Multiline)]
    private static partial Regex Expect();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("^// instead: \"(.*)\" -> \"(.*)\"$", RegexOptions.Multiline)]
    private static partial Regex Replacement();
}
