using System.Collections.Immutable;
using System.Text;

namespace Tx.Repl.Prompt;

/// <summary>What the editor looks like: rows of a terminal, each with its escapes, and where the caret stands.</summary>
internal sealed record Frame(ImmutableArray<string> Rows, int CaretRow, int CaretColumn)
{
    public static readonly Frame Empty = new([], 0, 0);
}

/// <summary>What stands before the text, as wide in its further lines.</summary>
internal sealed record PromptLabel(string First)
{
    public string Next { get; } = new string(' ', Math.Max(0, First.Length - 2)) + "| ";
}

/// <summary>Lays a state out for a terminal. Pure.</summary>
internal sealed class FrameBuilder(int columns, int rows, Palette palette)
{
    private const int MaxEntries = 8, MaxDocumentation = 3;

    private readonly List<StringBuilder> _lines = [];
    private int _column, _caretRow, _caretColumn;

    public static Frame Build(EditorState s, PromptLabel label, int columns, int rows, Palette palette) => new FrameBuilder(Math.Max(20, columns), Math.Max(3, rows), palette).Build(s, label);

    private Frame Build(EditorState s, PromptLabel label)
    {
        var styles = palette.StylesOf(s.Text);
        string first = s.Search is { } search ? $"(history: {search.Query}) " : label.First;
        Begin(palette.Label, first);
        string next = s.Search is null ? label.Next : new string(' ', Graphemes.WidthOf(label.First) - 2) + "| ";
        int wordColumn = Text(s, styles, next);
        var below = s.Popup is { } popup ? PopupRows(popup, wordColumn) : [];
        return Window([.. _lines.Select(l => l.ToString())], below);
    }

    private void Begin(string style, string label)
    {
        _lines.Add(new StringBuilder(palette.Paint(style, label)));
        _column = Graphemes.WidthOf(label);
    }

    /// <returns>The column of the word that is completed.</returns>
    private int Text(EditorState s, string[] styles, string next)
    {
        int wordAt = s.Popup?.Replaces.Start ?? -1, wordColumn = 0, breakAt = WrapAt(s.Text, 0);
        string style = "";
        var line = _lines[^1];
        for (int i = 0; ; i = Graphemes.Next(s.Text, i))
        {
            if (i == s.Caret) (_caretRow, _caretColumn) = (_lines.Count - 1, _column);
            if (i == wordAt) wordColumn = _column;
            if (i >= s.Text.Length) break;
            if (s.Text[i] == '\n')
            {
                line.Append(palette.Change(style, style = ""));
                Begin(palette.Label, next);
                line = _lines[^1];
                breakAt = WrapAt(s.Text, i + 1);
                continue;
            }
            var (shown, width) = Shown(s.Text.AsSpan(i, Graphemes.Next(s.Text, i) - i));
            line.Append(palette.Change(style, style = styles[i])).Append(shown);
            _column += width;
            int end = Graphemes.Next(s.Text, i);
            if (end >= breakAt && end < s.Text.Length && s.Text[end] != '\n' || _column >= columns - 1 && end == s.Text.Length)
            {
                line.Append(palette.Change(style, style = ""));
                Begin(palette.Label, new string(' ', next.Length));
                line = _lines[^1];
                breakAt = WrapAt(s.Text, end);
            }
        }
        line.Append(palette.Change(style, ""));
        return wordColumn;
    }

    /// <summary>Where a row that begins at a place ends: behind the last blank that fits, or where it is full.</summary>
    private int WrapAt(string text, int from)
    {
        int width = _lines.Count == 0 ? 0 : _column, blank = -1, i = from;
        while (i < text.Length && text[i] != '\n')
        {
            int end = Graphemes.Next(text, i);
            width += Shown(text.AsSpan(i, end - i)).Width;
            if (width > columns - 1) return blank > from + (columns / 2) ? blank : Math.Max(i, Graphemes.Next(text, from));
            if (text[i] == ' ') blank = end;
            i = end;
        }
        return int.MaxValue;
    }

    // Control characters are shown and not sent.
    private static (string Text, int Width) Shown(ReadOnlySpan<char> grapheme) => grapheme switch
    {
        ['\t'] => ("    ", 4),
        [var c] when char.IsControl(c) || char.IsSurrogate(c) => ("\uFFFD", 1),
        _ => Graphemes.Width(grapheme) is 0 ? ("\u25CC" + grapheme.ToString(), 1) : (grapheme.ToString(), Graphemes.Width(grapheme)),
    };

    private List<string> PopupRows(Popup popup, int column)
    {
        int first = Math.Clamp(popup.Selected - MaxEntries / 2, 0, Math.Max(0, popup.Entries.Length - MaxEntries));
        var shown = popup.Entries.Skip(first).Take(MaxEntries).ToList();
        int labels = Math.Min(columns / 2, shown.Max(e => Graphemes.WidthOf(e.Label)));
        int left = Math.Min(column, Math.Max(0, columns - labels - 24));
        int room = columns - 1 - left - labels - 4;
        var result = new List<string>();
        for (int i = 0; i < shown.Count; i++)
        {
            bool isSelected = first + i == popup.Selected;
            string label = Pad(shown[i].Label, labels);
            string detail = room > 8 ? Graphemes.Cut(Line(shown[i].Detail), room) : "";
            result.Add(new string(' ', left) + palette.Paint(isSelected ? palette.Selected : palette.Entry, $"{(isSelected ? ">" : " ")}{label} ") + (detail.Length > 0 ? palette.Paint(palette.Detail, " " + detail) : ""));
        }
        if (popup.Entries.Length > shown.Count) result.Add(new string(' ', left) + palette.Paint(palette.Detail, $" {Math.Max(0, popup.Selected) + 1} of {popup.Entries.Length}"));
        foreach (string line in Documentation(popup.Current)) result.Add(new string(' ', left) + palette.Paint(palette.Doc, " " + Graphemes.Cut(line, columns - 2 - left)));
        return result;
    }

    private static IEnumerable<string> Documentation(LanguageServices.CompletionEntry entry) =>
        entry.Documentation.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith("```", StringComparison.Ordinal)).Take(MaxDocumentation);

    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Pad(string text, int width)
    {
        string cut = Graphemes.Cut(text, width);
        return cut + new string(' ', Math.Max(0, width - Graphemes.WidthOf(cut)));
    }

    // What does not fit the screen is left out: rows far from the caret, then those of the list.
    private Frame Window(ImmutableArray<string> text, List<string> below)
    {
        int kept = Math.Min(below.Count, Math.Max(0, rows - 1 - Math.Min(text.Length, rows / 2)));
        int height = rows - 1 - kept;
        int first = Math.Clamp(_caretRow - height + 1, 0, Math.Max(0, text.Length - height));
        if (kept > 0) first = Math.Max(first, Math.Min(_caretRow, text.Length - height));
        return new([.. text.Skip(first).Take(height), .. below.Take(kept)], _caretRow - first, _caretColumn);
    }
}
