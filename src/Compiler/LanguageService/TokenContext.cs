using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>A call around a place.</summary>
/// <param name="Name">Of what is called.</param>
/// <param name="Receiver">What stands before the point; empty where there is none.</param>
/// <param name="Argument">How many commas stand before the place.</param>
/// <param name="Named">The name of the argument, where <c>name =</c> stands before the place.</param>
internal sealed record CallContext(string Name, ImmutableArray<string> Receiver, int Argument, string? Named);

/// <summary>What stands before a place, by the tokens alone: the text around it is seldom right while someone types.</summary>
internal sealed class TokenContext
{
    private readonly string _text;
    private readonly ImmutableArray<ClassifiedToken> _tokens;
    private readonly int _before;

    public TokenContext(SourceText source, int offset)
    {
        _text = source.Text;
        var all = SourceTokens.Read(source);
        var inside = all.FirstOrDefault(t => t.Span.Start < offset && (offset < t.Span.End || (offset == t.Span.End && t.Kind is TokenKind.Comment or TokenKind.Documentation or TokenKind.Text && !IsClosed(t))));
        IsComment = inside.Kind is TokenKind.Comment or TokenKind.Documentation && inside.Span.Length > 0;
        IsText = inside is { Kind: TokenKind.Text, Span.Length: > 0 };
        _tokens = [.. all.Where(t => t.Kind is not (TokenKind.Comment or TokenKind.Documentation))];
        int at = 0;
        while (at < _tokens.Length && _tokens[at].Span.End < offset) at++;
        bool isWord = at < _tokens.Length && _tokens[at].Span.Start < offset && (_tokens[at].Kind is TokenKind.Name or TokenKind.Keyword || IsText);
        // Two tokens touch here: the word is the first.
        Word = isWord ? _tokens[at].Span : new(offset, 0);
        if (!isWord && at < _tokens.Length && _tokens[at].Span.End <= offset) at++;
        _before = at - 1;
    }

    public bool IsComment { get; }
    public bool IsText { get; }
    /// <summary>The word that is being typed; of no length where there is none.</summary>
    public TextSpan Word { get; }
    /// <summary>The token before the word; empty where there is none.</summary>
    public string Previous => TextAt(_before);
    public string BeforePrevious => TextAt(_before - 1);
    public bool BeginsLine => _before < 0 || _text.AsSpan(_tokens[_before].Span.End, Word.Start - _tokens[_before].Span.End).Contains('\n') || Previous is "{" or ";";

    /// <summary>The head of a schedule in which the place stands: the operator that is named before it, empty where none is yet. Null outside of such a head.</summary>
    public string? ScheduleHead
    {
        get
        {
            string op = "";
            for (int i = _before; i >= 0 && TextAt(i) is not ("{" or "}"); i--)
            {
                if (TextAt(i) == "for" && i < _before) op = TextAt(i + 1);
                if (TextAt(i) == "schedule" && _tokens[i].Kind is TokenKind.Keyword) return op;
            }
            return null;
        }
    }

    private bool IsClosed(ClassifiedToken t) => t.Kind is TokenKind.Text ? t.Span.Length > 1 && _text[t.Span.End - 1] == '"' : t.Kind is not TokenKind.Documentation && _text.AsSpan(t.Span.Start, t.Span.Length).EndsWith("*/");

    private string TextAt(int index) => index >= 0 && index < _tokens.Length ? _text.Substring(_tokens[index].Span.Start, _tokens[index].Span.Length) : "";

    /// <summary>The names before the point that stands before the word: <c>weights.peak.</c>; empty where there is none, or something else.</summary>
    public ImmutableArray<string> Chain => Previous == "." ? ChainBefore(_before - 1) : [];

    private ImmutableArray<string> ChainBefore(int at)
    {
        var names = new List<string>();
        while (at >= 0)
        {
            // `h.eq(1)` names an equation of h.
            if (TextAt(at) == ")")
            {
                at = Opening(at);
                if (TextAt(at - 1) is not ("eq" or "update")) return [];
                at -= 3;
            }
            if (at < 0 || _tokens[at].Kind is not TokenKind.Name) return [];
            names.Add(TextAt(at));
            if (TextAt(at - 1) != ".") break;
            at -= 2;
        }
        names.Reverse();
        return [.. names];
    }

    private int Opening(int closing)
    {
        int depth = 0;
        for (int i = closing; i >= 0; i--)
        {
            depth += TextAt(i) is ")" or "]" ? 1 : TextAt(i) is "(" or "[" ? -1 : 0;
            if (depth == 0) return i;
        }
        return -1;
    }

    /// <summary>The innermost call whose arguments the place stands among; null where there is none.</summary>
    public CallContext? Call()
    {
        int depth = 0, commas = 0;
        string? named = null;
        for (int i = _before; i >= 0; i--)
        {
            string t = TextAt(i);
            if (t is "{" or "}" or ";") return null;
            if (t is ")" or "]") depth++;
            else if (t is "(" or "[")
            {
                if (depth-- > 0) continue;
                if (t == "(" && i > 0 && _tokens[i - 1].Kind is TokenKind.Name) return new(TextAt(i - 1), TextAt(i - 2) == "." ? ChainBefore(i - 3) : [], commas, named);
                (depth, commas, named) = (0, 0, null);
            }
            else if (depth == 0 && t == ",") commas++;
            else if (depth == 0 && commas == 0 && t == "=" && i > 0 && _tokens[i - 1].Kind is TokenKind.Name) named ??= TextAt(i - 1);
        }
        return null;
    }
}
