using System.Text;

namespace Tx.Lower.Ir;

/// <summary>Text that is no loop IR.</summary>
public sealed class IrParseException(string message, int line, int column) : Exception($"{line}:{column}: {message}")
{
    public int Line { get; } = line;
    public int Column { get; } = column;
}

internal enum IrToken : byte { Word, Number, Text, Symbol, End }

/// <summary>Splits printed loop IR into tokens, one ahead.</summary>
internal sealed class IrLexer
{
    private static readonly string[] s_symbols = ["..", "->", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>"];

    private readonly string _text;
    private int _next;

    public IrLexer(string text)
    {
        _text = text;
        Advance();
    }

    public IrToken Kind { get; private set; }
    /// <summary>The token's characters; of a text what stands between its quotes.</summary>
    public string Value { get; private set; } = "";
    public int Start { get; private set; }

    public void Advance()
    {
        while (_next < _text.Length && char.IsWhiteSpace(_text[_next])) _next++;
        Start = _next;
        if (_next == _text.Length)
        {
            (Kind, Value) = (IrToken.End, "end of text");
            return;
        }
        char c = _text[_next];
        if (IrWords.StartsWord(c)) Word();
        else if (char.IsAsciiDigit(c)) Number();
        else if (c == '"') Text();
        else
        {
            string two = _next + 1 < _text.Length ? _text.Substring(_next, 2) : "";
            Kind = IrToken.Symbol;
            Value = s_symbols.Contains(two) ? two : c.ToString();
            _next += Value.Length;
        }
    }

    public IrParseException Error(string message)
    {
        int line = 1, column = 1;
        for (int i = 0; i < Start; i++)
            if (_text[i] == '\n') (line, column) = (line + 1, 1);
            else column++;
        return new(message, line, column);
    }

    private char At(int offset) => _next + offset < _text.Length ? _text[_next + offset] : '\0';

    private void Word()
    {
        while (IrWords.ContinuesWord(At(0)) || At(0) == '.' && IrWords.StartsWord(At(1))) _next++;
        (Kind, Value) = (IrToken.Word, _text[Start.._next]);
    }

    // Digits, a fraction, an exponent, a type.
    private void Number()
    {
        while (char.IsAsciiDigit(At(0))) _next++;
        if (At(0) == '.' && char.IsAsciiDigit(At(1)))
            for (_next++; char.IsAsciiDigit(At(0));) _next++;
        if (At(0) == 'E')
            for (_next += At(1) is '+' or '-' ? 2 : 1; char.IsAsciiDigit(At(0));) _next++;
        while (char.IsAsciiLetterOrDigit(At(0))) _next++;
        (Kind, Value) = (IrToken.Number, _text[Start.._next]);
    }

    private void Text()
    {
        var value = new StringBuilder();
        for (_next++; At(0) != '"'; _next++)
        {
            if (_next >= _text.Length) throw Error("a text without end");
            if (At(0) != '\\')
            {
                value.Append(At(0));
                continue;
            }
            _next++;
            value.Append(At(0) switch { 'n' => '\n', 'r' => '\r', var c => c });
        }
        _next++;
        (Kind, Value) = (IrToken.Text, value.ToString());
    }
}
