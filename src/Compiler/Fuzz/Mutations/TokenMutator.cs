using Tx.Core;

namespace Tx.Fuzz.Mutations;

/// <summary>Edits that know only tokens: most results do not parse.</summary>
internal static class TokenMutator
{
    private static readonly string[] Pieces =
    [
        "(", ")", "[", "]", "{", "}", "\"", "\n", ";", ":", "?", "??", "..", "->", ",", "=", "+=", "|=", "==", "<", "<<", "&&", "-", "!", "~", "/", "%",
        "op", "let", "for", "in", "if", "else", "require", "exact", "const", "import", "test", "reducer", "schedule", "strategy", "intrin", "target", "bench", "assert",
        "sum", "max", "argmax", "max_at", "any", "f32", "i8", "u64", "bool", "int", "0", "1", "1.0", "9223372036854775808", "1e400", "x", "T", "é", "\0", "/*", "true",
    ];

    public static string Mutate(string text, Random random)
    {
        var tokens = TextTokens.Split(text);
        if (tokens.Count < 2) return text + Pieces[random.Next(Pieces.Length)];
        var at = tokens[random.Next(tokens.Count)];
        var other = tokens[random.Next(tokens.Count)];
        string first = text.Substring(at.Start, at.Length), second = text.Substring(other.Start, other.Length);
        return random.Next(6) switch
        {
            0 => TextEdit.Replace(text, at, ""),
            1 => TextEdit.Replace(text, at, $"{first} {first}"),
            2 => TextEdit.Replace(text, at, second),
            3 => TextEdit.Replace(text, at, Pieces[random.Next(Pieces.Length)]),
            4 => TextEdit.Replace(text, at, $"{first} {Pieces[random.Next(Pieces.Length)]}"),
            _ => TextEdit.Swap(text, at, other),
        };
    }
}

/// <summary>Edits of a text.</summary>
internal static class TextEdit
{
    public static string Replace(string text, TextSpan span, string by) => string.Concat(text.AsSpan(0, span.Start), by, text.AsSpan(span.End));

    /// <summary>Exchanges two parts; the same text where one holds part of the other.</summary>
    public static string Swap(string text, TextSpan a, TextSpan b)
    {
        if (a.Start > b.Start) (a, b) = (b, a);
        if (a.End > b.Start) return text;
        return string.Concat(string.Concat(text.AsSpan(0, a.Start), text.AsSpan(b.Start, b.Length), text.AsSpan(a.End, b.Start - a.End)), text.AsSpan(a.Start, a.Length), text.AsSpan(b.End));
    }
}
