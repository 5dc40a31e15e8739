namespace Tx.Shells;

/// <summary>The sections of <c>docs/diagnostics.md</c>, which travels inside the program.</summary>
public static class DiagnosticsManual
{
    /// <summary>In the order of the page.</summary>
    public static IEnumerable<string> Codes => Sections().Select(s => s.Code);

    /// <summary>The section of a code, from its heading to the next.</summary>
    public static string? Section(string code) => Sections().FirstOrDefault(s => s.Code == code).Text;

    private static IEnumerable<(string Code, string Text)> Sections()
    {
        using var stream = typeof(DiagnosticsManual).Assembly.GetManifestResourceStream("diagnostics.md")
            ?? throw new Tx.Core.CompilerBugException("explain", "diagnostics.md is not in the program");
        using var reader = new StreamReader(stream);
        string? code = null;
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            bool isHeading = line.StartsWith("## ", StringComparison.Ordinal) || line.StartsWith("# ", StringComparison.Ordinal);
            if (isHeading && code is not null) yield return (code, string.Join('\n', lines).TrimEnd());
            if (isHeading)
            {
                code = line.StartsWith("## TX", StringComparison.Ordinal) ? line.Substring(3, 6) : null;
                lines.Clear();
            }
            lines.Add(line);
        }
        if (code is not null) yield return (code, string.Join('\n', lines).TrimEnd());
    }
}
