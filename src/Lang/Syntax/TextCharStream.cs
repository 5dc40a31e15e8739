using Antlr4.Runtime;
using Antlr4.Runtime.Misc;

namespace Tx.Lang.Syntax;

/// <summary>A text as UTF-16 units for the lexer. Every unit beyond ASCII looks like U+007F to it: the grammar treats them alike, and the
/// lexer's tables cover ASCII only. Token texts come from the original.</summary>
internal sealed class TextCharStream(string text, string name) : ICharStream
{
    private const int Other = 0x7F;
    private int _index;

    public int Index => _index;
    public int Size => text.Length;
    public string SourceName => name;

    public int LA(int i)
    {
        int at = i > 0 ? _index + i - 1 : _index + i;
        if (i == 0 || (uint)at >= (uint)text.Length) return IntStreamConstants.EOF;
        char c = text[at];
        return c < Other ? c : Other;
    }

    public void Consume()
    {
        if (_index < text.Length) _index++;
    }

    public int Mark() => -1;
    public void Release(int marker) { }
    public void Seek(int index) => _index = Math.Clamp(index, 0, text.Length);

    public string GetText(Interval interval)
    {
        int start = Math.Clamp(interval.a, 0, text.Length), end = Math.Clamp(interval.b + 1, start, text.Length);
        return text[start..end];
    }
}
