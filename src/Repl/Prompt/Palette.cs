using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Shells;

namespace Tx.Repl.Prompt;

/// <summary>The colours of the prompt, as parameters of <c>ESC [ … m</c>; none where people ask for none.</summary>
internal sealed class Palette(bool hasColours)
{
    public string Label => hasColours ? "36" : "";
    public string Entry => hasColours ? "48;5;237;38;5;253" : "";
    public string Selected => hasColours ? "48;5;31;38;5;231;1" : "7";
    public string Detail => hasColours ? "38;5;245" : "";
    public string Doc => hasColours ? "38;5;250;3" : "";

    /// <summary><c>NO_COLOR</c> and dumb terminals.</summary>
    public static Palette FromEnvironment() =>
        new(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null));

    public string Paint(string style, string text) => style.Length == 0 ? text : $"\e[{style}m{text}\e[0m";

    /// <summary>The escape between two styles.</summary>
    public string Change(string from, string to) => from == to ? "" : to.Length == 0 ? "\e[0m" : from.Length == 0 ? $"\e[{to}m" : $"\e[0;{to}m";

    /// <summary>The style of each character, by the lexer over the whole text.</summary>
    public string[] StylesOf(string text)
    {
        string[] styles = new string[text.Length];
        Array.Fill(styles, "");
        if (!hasColours || text.Length == 0) return styles;
        if (Shell.IsCommand(text))
        {
            int start = text.Length - text.AsSpan().TrimStart().Length, end = start;
            while (end < text.Length && !char.IsWhiteSpace(text[end])) end++;
            Array.Fill(styles, ShellCommands.Find(text[(start + 1)..end]) is null ? "31" : "35;1", start, end - start);
            return styles;
        }
        foreach (var token in SourceTokens.Read(new SourceText("<prompt>", text)))
        {
            int from = Math.Min(token.Span.Start, text.Length), length = Math.Min(token.Span.Length, text.Length - from);
            Array.Fill(styles, StyleOf(token.Kind), from, length);
        }
        return styles;
    }

    private static string StyleOf(TokenKind kind) => kind switch
    {
        TokenKind.Keyword => "35",
        TokenKind.Number => "33",
        TokenKind.Text => "32",
        TokenKind.Comment => "38;5;244",
        TokenKind.Documentation => "38;5;108",
        TokenKind.Operator => "36",
        TokenKind.Error => "31;4",
        _ => "",
    };
}
