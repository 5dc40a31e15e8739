using System.Text;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>The text of a string literal and back.</summary>
internal static class StringLiteral
{
    /// <summary>The meaning of a token <c>"…"</c>, whose closing quote may be missing.</summary>
    public static string Unescape(SourceToken token, SyntaxReporter reporter)
    {
        string text = token.Text;
        if (!text.Contains('\\', StringComparison.Ordinal)) return text.Trim('"');
        var result = new StringBuilder(text.Length);
        for (int i = 1; i < text.Length && text[i] != '"'; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            char c = text[++i];
            char? meant = c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '0' => '\0', '"' => '"', '\\' => '\\', _ => null };
            if (meant is null)
            {
                var span = reporter.At(token.StartIndex + i - 1, token.StartIndex + i + 1);
                reporter.Report(token.Statement, Diagnostic.Create(SyntaxDiagnostics.UnknownEscape, span, "\\" + c).WithFix(span, "\\\\" + c));
            }
            result.Append(meant ?? c);
        }
        return result.ToString();
    }

    /// <summary>The literal that means <paramref name="value"/>.</summary>
    public static string Quote(string value)
    {
        var result = new StringBuilder(value.Length + 2).Append('"');
        foreach (char c in value)
            _ = c switch
            {
                '\n' => result.Append("\\n"),
                '\t' => result.Append("\\t"),
                '\r' => result.Append("\\r"),
                '\0' => result.Append("\\0"),
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                _ => result.Append(c),
            };
        return result.Append('"').ToString();
    }
}
