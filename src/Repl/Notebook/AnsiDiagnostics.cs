using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tx.Core;

namespace Tx.Repl.Notebook;

/// <summary>Diagnostics in the colours that notebooks and terminals show.</summary>
internal static partial class AnsiDiagnostics
{
    private const string Reset = "\e[0m", Bold = "\e[1m", Red = "\e[1;31m", Yellow = "\e[1;33m", Blue = "\e[34m", Green = "\e[32m";

    /// <summary>The lines of a diagnostic.</summary>
    public static ImmutableArray<string> Lines(Diagnostic diagnostic) => [.. DiagnosticRenderer.Render([diagnostic]).TrimEnd('\n').Split('\n').Select(Colour)];

    private static string Colour(string line)
    {
        if (Head().Match(line) is { Success: true } head) return $"{(head.Groups[1].Value.StartsWith("error", StringComparison.Ordinal) ? Red : Yellow)}{head.Groups[1].Value}{Reset}{Bold}{head.Groups[2].Value}{Reset}";
        if (Marks().Match(line) is { Success: true } marks) return $"{Blue}{marks.Groups[1].Value}{Reset}{(marks.Groups[2].Value[0] == '^' ? Red : Blue)}{marks.Groups[2].Value}{Reset}";
        if (Note().Match(line) is { Success: true } note) return $"{Blue}{note.Groups[1].Value}{Green}{note.Groups[2].Value}{Reset}{note.Groups[3].Value}";
        return Gutter().Replace(line, m => $"{Blue}{m.Value}{Reset}");
    }

    [GeneratedRegex(@"^((?:error|warning|note)\[\w+\])(.*)$")] private static partial Regex Head();
    [GeneratedRegex(@"^( +\| *)([\^-]+.*)$")] private static partial Regex Marks();
    [GeneratedRegex(@"^( += )(\w+:)(.*)$")] private static partial Regex Note();
    [GeneratedRegex(@"^ *(\d+ \||-->|:::|\|)")] private static partial Regex Gutter();
}
