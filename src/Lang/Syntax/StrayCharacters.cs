using System.Globalization;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Reports characters that begin no token.</summary>
internal static class StrayCharacters
{
    /// <summary>Reports the character at <paramref name="index"/>, once for a run of them.</summary>
    public static void Report(List<SourceToken> tokens, int index, int statement, SyntaxReporter reporter)
    {
        var token = tokens[index];
        bool goesOn = index > 0 && tokens[index - 1] is { Type: TxLexer.BAD } before && before.StopIndex + 1 == token.StartIndex;
        if (goesOn) return;
        string text = reporter.Source.Text;
        int length = char.IsSurrogatePair(text, token.StartIndex) ? 2 : 1;
        var span = reporter.At(token.StartIndex, token.StartIndex + length);
        char c = text[token.StartIndex];
        var (help, fix) = Advice(c);
        if (fix == "\"" && ClosingQuote(text, token.StartIndex) is var end and > 0)
            (span, fix) = (reporter.At(token.StartIndex, end + 1), $"\"{text[(token.StartIndex + 1)..end]}\"");
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.StrayCharacter, span, Show(text, token.StartIndex), help);
        reporter.Report(statement, fix is null ? diagnostic : diagnostic.WithFix(span, fix));
    }

    /// <summary>The end of a string in quotes of another kind, or -1.</summary>
    private static int ClosingQuote(string text, int start)
    {
        for (int i = start + 1; i < text.Length && text[i] is not ('\n' or '"'); i++)
            if (Advice(text[i]).Fix == "\"") return i;
        return -1;
    }

    private static (string Help, string? Fix) Advice(char c) => c switch
    {
        '#' => ("a comment begins with `//`", "//"),
        '\'' => ("a string stands in `\"`", "\""),
        '\u201C' or '\u201D' or '\u201E' or '\u2018' or '\u2019' => ("a string stands in `\"`", "\""),
        '\u2212' or '\u2013' or '\u2014' => ("write `-`", "-"),
        '\u00D7' or '\u00B7' or '\u22C5' => ("write `*`", "*"),
        '\u2264' => ("write `<=`", "<="),
        '\u2265' => ("write `>=`", ">="),
        '\u2260' => ("write `!=`", "!="),
        '\u2192' => ("write `->`", "->"),
        '\u2026' => ("write `..`", ".."),
        '\u221E' => ("write `inf`", "inf"),
        '\u00A0' or '\u2007' or '\u202F' or '\u3000' or '\uFEFF' or '\u200B' => ("write an ordinary space", " "),
        _ when char.IsLetter(c) => ("a name consists of the letters a to z and A to Z, digits and `_`", null),
        _ => ("remove it", null),
    };

    private static string Show(string text, int index)
    {
        if (char.IsSurrogatePair(text, index))
            return string.Create(CultureInfo.InvariantCulture, $"`{text.AsSpan(index, 2)}` (U+{char.ConvertToUtf32(text, index):X4})");
        char c = text[index];
        bool visible = !char.IsControl(c) && !char.IsSurrogate(c) && !char.IsWhiteSpace(c) && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned);
        return visible && c < 0x7F ? $"`{c}`"
            : visible ? string.Create(CultureInfo.InvariantCulture, $"`{c}` (U+{(int)c:X4})")
            : string.Create(CultureInfo.InvariantCulture, $"the character U+{(int)c:X4}");
    }
}
