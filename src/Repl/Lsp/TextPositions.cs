using System.Text;
using Tx.Core;

namespace Tx.Repl.Lsp;

/// <summary>Lines and characters of the protocol to offsets and back. A character is a unit of UTF-16, of UTF-8 or a code point, as client and server agree.</summary>
internal sealed class TextPositions(string encoding)
{
    public const string Utf8 = "utf-8", Utf16 = "utf-16", Utf32 = "utf-32";

    public string Encoding => encoding;

    /// <summary>What both sides can: the first of the client's that is known here.</summary>
    public static TextPositions Negotiate(string[]? offered) => new((offered ?? []).FirstOrDefault(e => e is Utf8 or Utf16 or Utf32) ?? Utf16);

    public int OffsetAt(SourceText text, Position position)
    {
        if (position.Line < 0) return 0;
        if (position.Line >= text.LineCount) return text.Text.Length;
        int start = text.StartOfLine(position.Line + 1);
        string line = text.LineAt(position.Line + 1);
        return start + (encoding == Utf16 ? Math.Clamp(position.Character, 0, line.Length) : UnitsAt(line, position.Character));
    }

    private int UnitsAt(string line, int characters)
    {
        int offset = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            int width = encoding == Utf8 ? rune.Utf8SequenceLength : 1;
            if (characters < width) break;
            (characters, offset) = (characters - width, offset + rune.Utf16SequenceLength);
        }
        return offset;
    }

    public Position At(SourceText text, int offset)
    {
        var at = text.PositionAt(offset);
        return new(at.Line - 1, CharactersIn(text.Text.AsSpan(text.StartOfLine(at.Line), at.Column - 1)));
    }

    /// <summary>The length of a piece of text in characters of the protocol.</summary>
    public int CharactersIn(ReadOnlySpan<char> text)
    {
        if (encoding == Utf16) return text.Length;
        if (encoding == Utf8) return System.Text.Encoding.UTF8.GetByteCount(text);
        int count = 0;
        foreach (var _ in text.EnumerateRunes()) count++;
        return count;
    }

    public Range Of(SourceText text, TextSpan span) => new(At(text, span.Start), At(text, span.End));
    public Range Of(SourceSpan span) => Of(span.Source, span.Span);
}
