using System.Globalization;
using System.Text;

namespace Tx.Repl.Prompt;

/// <summary>Characters as people see them: a letter with its marks, an emoji of several parts.</summary>
internal static class Graphemes
{
    /// <summary>The end of the one that begins at a place.</summary>
    public static int Next(string text, int at) => at >= text.Length ? text.Length : at + Math.Max(1, StringInfo.GetNextTextElementLength(text.AsSpan(at)));

    /// <summary>The start of the one that ends at a place, or holds it.</summary>
    public static int Previous(string text, int at)
    {
        // Marks reach back a little only, and never over a line end.
        int start = at <= 0 ? 0 : text.LastIndexOf('\n', Math.Max(0, at - 2)) + 1;
        if (start >= at) return Math.Max(0, at - 1);
        int last = start;
        for (int i = start; i < at; i = Next(text, i)) last = i;
        return last;
    }

    /// <summary>The place, or the start of the character that holds it.</summary>
    public static int Snap(string text, int at)
    {
        at = Math.Clamp(at, 0, text.Length);
        if (at == 0 || at == text.Length) return at;
        int before = Previous(text, at);
        return Next(text, before) <= at ? at : before;
    }

    /// <summary>Columns of a terminal.</summary>
    public static int Width(ReadOnlySpan<char> grapheme)
    {
        if (grapheme.Length == 1 && grapheme[0] is >= ' ' and < '\x7f') return 1;
        int width = 0;
        bool isEmoji = false;
        foreach (var rune in grapheme.EnumerateRunes())
        {
            if (rune.Value == 0xFE0F) isEmoji = true;
            // Joined emoji are drawn as one.
            if (rune.Value is 0x200D or >= 0x1F3FB and <= 0x1F3FF && width > 0) continue;
            width = Math.Max(width, Math.Max(0, Wcwidth.UnicodeCalculator.GetWidth(rune)));
        }
        return isEmoji && width > 0 ? 2 : width;
    }

    public static int WidthOf(string text)
    {
        int width = 0;
        for (int i = 0; i < text.Length; i = Next(text, i)) width += Width(text.AsSpan(i, Next(text, i) - i));
        return width;
    }

    /// <summary>The text up to a number of columns.</summary>
    public static string Cut(string text, int columns)
    {
        if (WidthOf(text) <= columns) return text;
        var kept = new StringBuilder();
        int width = 0;
        for (int i = 0; i < text.Length; i = Next(text, i))
        {
            int end = Next(text, i), own = Width(text.AsSpan(i, end - i));
            if (width + own > columns - 1) break;
            kept.Append(text, i, end - i);
            width += own;
        }
        return columns < 1 ? "" : kept.Append('…').ToString();
    }
}
