using System.Globalization;
using System.Text;

namespace Tx.Core;

/// <summary>Diagnostics as text for people: message, place, source line with carets, second places, witness, help.</summary>
public static class DiagnosticRenderer
{
    // A line longer than this is shown as a window around the caret.
    private const int Window = 120;

    public static string Render(IEnumerable<Diagnostic> diagnostics)
    {
        var sb = new StringBuilder();
        foreach (var d in diagnostics) Render(sb, d);
        return sb.ToString();
    }

    private static void Render(StringBuilder sb, Diagnostic d)
    {
        string word = d.Severity switch { Severity.Error => "error", Severity.Warning => "warning", Severity.Note => "note" };
        sb.Append(CultureInfo.InvariantCulture, $"{word}[{d.Code}]: {d.Message}\n");
        int gutter = 1;
        if (d.Span is { } span)
        {
            gutter = GutterOf(span);
            foreach (var label in d.Labels) gutter = Math.Max(gutter, GutterOf(label.Span));
            sb.Append(' ', gutter).Append(CultureInfo.InvariantCulture, $"--> {span}\n");
            sb.Append(' ', gutter).Append(" |\n");
            Excerpt(sb, span, gutter, '^', "");
        }
        SourceText? shown = d.Span?.Source;
        foreach (var label in d.Labels)
        {
            if (!ReferenceEquals(label.Span.Source, shown))
            {
                sb.Append(' ', gutter).Append(CultureInfo.InvariantCulture, $"::: {label.Span}\n");
                shown = label.Span.Source;
            }
            Excerpt(sb, label.Span, gutter, '-', label.Text);
        }
        if (d.Witness is not null) sb.Append(' ', gutter).Append(CultureInfo.InvariantCulture, $" = witness: {d.Witness}\n");
        if (d.Help is not null) sb.Append(' ', gutter).Append(CultureInfo.InvariantCulture, $" = help: {d.Help}\n");
        sb.Append('\n');
    }

    private static int GutterOf(SourceSpan span) => span.Start.Line.ToString(CultureInfo.InvariantCulture).Length;

    private static void Excerpt(StringBuilder sb, SourceSpan span, int gutter, char mark, string text)
    {
        var (start, end) = (span.Start, span.End);
        string line = span.Source.LineAt(start.Line);
        int from = Math.Min(start.Column - 1, line.Length);
        int to = Math.Clamp(end.Line == start.Line ? end.Column - 1 : line.Length, from, line.Length);
        int cut = 0;
        string prefix = "";
        if (line.Length > Window)
        {
            cut = Math.Max(0, Math.Min(from - Window / 3, line.Length - Window));
            prefix = cut > 0 ? "…" : "";
            to = Math.Min(to, cut + Window);
            line = string.Concat(line.AsSpan(cut, Math.Min(Window, line.Length - cut)), cut + Window < line.Length ? "…" : "");
        }
        string number = start.Line.ToString(CultureInfo.InvariantCulture);
        sb.Append(' ', gutter - number.Length).Append(number).Append(" | ").Append(prefix).Append(Printable(line)).Append('\n');
        sb.Append(' ', gutter).Append(" | ").Append(' ', prefix.Length + Math.Max(0, from - cut)).Append(mark, Math.Max(1, to - from));
        if (text.Length > 0) sb.Append(' ').Append(text);
        sb.Append('\n');
    }

    // Tabs and control characters take one column, so that the carets stand right.
    private static string Printable(string line)
    {
        var sb = new StringBuilder(line.Length);
        foreach (char c in line) sb.Append(c == '\t' ? ' ' : char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c);
        return sb.ToString();
    }
}
