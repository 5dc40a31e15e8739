using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>What becomes of each bracket of a text, found before parsing so that one missing bracket does not spoil all that follows.</summary>
internal sealed class BracketPairs
{
    public const int MaxDepth = 256;

    private readonly List<SourceToken> _tokens;
    private readonly SyntaxReporter _reporter;
    private readonly List<int> _open = [];

    private BracketPairs(List<SourceToken> tokens, SyntaxReporter reporter, bool declarationsCloseBraces) =>
        (_tokens, _reporter, DeclarationsCloseBraces) = (tokens, reporter, declarationsCloseBraces);

    /// <summary>Opening brackets that nothing closes, by token index.</summary>
    public HashSet<int> Unclosed { get; } = [];
    /// <summary>Closing brackets that close nothing.</summary>
    public HashSet<int> Unmatched { get; } = [];
    /// <summary>Closing brackets of the wrong kind, with the kind that was meant.</summary>
    public Dictionary<int, int> Replaced { get; } = [];
    /// <summary>A brace is missing somewhere; a declaration that begins a line is taken to stand outside all braces.</summary>
    public bool DeclarationsCloseBraces { get; }
    public bool TooDeep { get; private set; }

    public static BracketPairs Find(List<SourceToken> tokens, SyntaxReporter reporter)
    {
        var pairs = new BracketPairs(tokens, reporter, declarationsCloseBraces: false);
        pairs.Run();
        bool braceMissing = pairs.Unclosed.Any(i => tokens[i].Type == TxLexer.LC);
        if (!braceMissing || pairs.TooDeep) return pairs;
        pairs = new BracketPairs(tokens, reporter, declarationsCloseBraces: true);
        pairs.Run();
        return pairs;
    }

    /// <summary>True for a keyword that begins a declaration and stands first in its line: never inside brackets.</summary>
    public static bool BeginsDeclaration(List<SourceToken> tokens, int index) =>
        tokens[index].Type is TxLexer.OP or TxLexer.SCHEDULE or TxLexer.STRATEGY or TxLexer.REDUCER or TxLexer.TARGET or TxLexer.TEST or TxLexer.IMPORT
        && (index == 0 || tokens[index - 1].Line < tokens[index].Line);

    public static int Closer(int opener) => opener switch
    {
        TxLexer.LP => TxLexer.RP,
        TxLexer.LB => TxLexer.RB,
        _ => TxLexer.RC,
    };

    public static int Opener(int closer) => closer switch
    {
        TxLexer.RP => TxLexer.LP,
        TxLexer.RB => TxLexer.LB,
        _ => TxLexer.LC,
    };

    public static char Sign(int bracket) => bracket switch
    {
        TxLexer.LP => '(', TxLexer.RP => ')', TxLexer.LB => '[', TxLexer.RB => ']', TxLexer.LC => '{', _ => '}',
    };

    private void Run()
    {
        for (int i = 0; i < _tokens.Count && !TooDeep; i++)
        {
            if (BeginsDeclaration(_tokens, i))
            {
                AbandonParentheses();
                if (DeclarationsCloseBraces) Abandon(0);
            }
            switch (_tokens[i].Type)
            {
                case TxLexer.LC:
                    AbandonParentheses();
                    Push(i);
                    break;
                case TxLexer.LP or TxLexer.LB:
                    Push(i);
                    break;
                case TxLexer.RC:
                    AbandonParentheses();
                    if (_open.Count > 0) Pop();
                    else Unmatched.Add(i);
                    break;
                case TxLexer.RP or TxLexer.RB:
                    Close(i);
                    break;
            }
        }
        Abandon(0);
    }

    private void Push(int index)
    {
        _open.Add(index);
        TooDeep = _open.Count > MaxDepth;
        if (TooDeep)
            _reporter.ReportAlways(Diagnostic.Create(SyntaxDiagnostics.TooDeep, _reporter.At(_tokens[index].Extent), "brackets are", MaxDepth));
    }

    private void Close(int index)
    {
        int closer = _tokens[index].Type;
        int at = _open.Count - 1;
        while (at >= 0 && _tokens[_open[at]].Type != TxLexer.LC && Closer(_tokens[_open[at]].Type) != closer) at--;
        if (at >= 0 && _tokens[_open[at]].Type != TxLexer.LC)
        {
            Abandon(at + 1);
            Pop();
        }
        else if (_open.Count > 0 && _tokens[_open[^1]].Type != TxLexer.LC)
        {
            Replaced[index] = Closer(_tokens[_open[^1]].Type);
            Pop();
        }
        else
        {
            Unmatched.Add(index);
        }
    }

    private void Pop() => _open.RemoveAt(_open.Count - 1);

    private void AbandonParentheses()
    {
        int count = _open.Count;
        while (count > 0 && _tokens[_open[count - 1]].Type != TxLexer.LC) count--;
        Abandon(count);
    }

    private void Abandon(int count)
    {
        for (int i = count; i < _open.Count; i++) Unclosed.Add(_open[i]);
        _open.RemoveRange(count, _open.Count - count);
    }
}
