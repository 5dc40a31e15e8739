using System.Text;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Stands between lexer and parser: puts an <c>NL</c> token where the end of a line ends a statement, mends the brackets that
/// <see cref="BracketPairs"/> found wrong, reports and replaces malformed tokens, numbers the statements, and drops
/// a <c>;</c> that separates nothing.
/// <para>A line ends its statement outside <c>(</c> and <c>[</c>, where its last token can end one and the next line cannot go on with it.</para></summary>
internal sealed class NewlineFilter
{
    /// <summary>Conditionals nest by recursion between <c>?</c> and <c>:</c>.</summary>
    public const int MaxConditionals = 256;

    private readonly List<SourceToken> _tokens;
    private readonly BracketPairs _pairs;
    private readonly SyntaxReporter _reporter;
    private readonly List<SourceToken> _output;
    private readonly Stack<int> _open = [];
    private int _statement;
    private int _parentheses;
    private int _conditionals;
    private bool _inHeader;
    private bool _atStart = true;

    private NewlineFilter(List<SourceToken> tokens, BracketPairs pairs, SyntaxReporter reporter)
    {
        (_tokens, _pairs, _reporter) = (tokens, pairs, reporter);
        _output = new(tokens.Count + tokens.Count / 8);
    }

    /// <summary>Null where conditionals nest too deeply; the error has been reported.</summary>
    public static List<SourceToken>? Run(List<SourceToken> tokens, BracketPairs pairs, SyntaxReporter reporter) =>
        new NewlineFilter(tokens, pairs, reporter).Run();

    /// <summary>True where a line that ends in this token goes on in the next.</summary>
    public static bool CannotEndStatement(int type) => type is
        not (TxLexer.ID or TxLexer.INT or TxLexer.FLOAT or TxLexer.STRING or TxLexer.TRUE or TxLexer.FALSE or TxLexer.BADNUM or TxLexer.BADSTRING or TxLexer.BAD
            or TxLexer.RP or TxLexer.RB or TxLexer.RC or TxLexer.NL or TxLexer.SEMI
            or TxLexer.MEMORY or TxLexer.UNIT or TxLexer.QUEUE or TxLexer.DMA or TxLexer.RUN or TxLexer.EMIT or TxLexer.CYCLES or TxLexer.EXACT);

    /// <summary>True where a line that begins with this token goes on with the one before.</summary>
    public static bool ContinuesStatement(int type, bool inHeader) => type switch
    {
        TxLexer.DOT or TxLexer.DOTDOT or TxLexer.ARROW or TxLexer.BIARROW or TxLexer.LC or TxLexer.RC or TxLexer.Q or TxLexer.QQ or TxLexer.COLON or TxLexer.COMMA
            or TxLexer.ELSE or TxLexer.IN or TxLexer.ASSIGN or TxLexer.PLUSEQ or TxLexer.STAREQ or TxLexer.AMPEQ or TxLexer.BAREQ or TxLexer.CARETEQ
            or TxLexer.STAR or TxLexer.SLASH or TxLexer.PCT or TxLexer.PLUS or TxLexer.SHL or TxLexer.SHR or TxLexer.AMP or TxLexer.BAR or TxLexer.CARET
            or TxLexer.LT or TxLexer.GT or TxLexer.LE or TxLexer.GE or TxLexer.EQ or TxLexer.NE or TxLexer.AND or TxLexer.OR => true,
        TxLexer.FOR or TxLexer.ON or TxLexer.WHEN or TxLexer.EXTENDS or TxLexer.REQUIRE => inHeader,
        _ => false,
    };

    /// <summary>True for a word that no expression and no header has inside: what stands before it was left unfinished.</summary>
    private static bool AlwaysBeginsStatement(int type, bool inHeader) => type switch
    {
        TxLexer.LET or TxLexer.CONST or TxLexer.ASSERT or TxLexer.BENCH or TxLexer.KNOB or TxLexer.IF => true,
        TxLexer.FOR or TxLexer.REQUIRE => !inHeader,
        _ => false,
    };

    private List<SourceToken>? Run()
    {
        for (int i = 0; i < _tokens.Count; i++)
        {
            var token = _tokens[i];
            if (BracketPairs.BeginsDeclaration(_tokens, i)) CloseAll(_pairs.DeclarationsCloseBraces);
            else if (EndsLine(i)) EndStatement();

            if (_conditionals > MaxConditionals)
            {
                _reporter.ReportAlways(Diagnostic.Create(SyntaxDiagnostics.TooDeep, _reporter.At(token.Extent), "conditionals are", MaxConditionals));
                return null;
            }
            Take(i, token);
        }
        return _output;
    }

    private bool EndsLine(int index) =>
        index > 0 && _tokens[index - 1].Line < _tokens[index].Line && _parentheses == 0 && !_atStart
        && (AlwaysBeginsStatement(_tokens[index].Type, _inHeader)
            || !CannotEndStatement(_tokens[index - 1].Type) && !ContinuesStatement(_tokens[index].Type, _inHeader))
        && _tokens[index].Type != Antlr4.Runtime.TokenConstants.EOF;

    private void Take(int index, SourceToken token)
    {
        switch (token.Type)
        {
            case TxLexer.BAD:
                StrayCharacters.Report(_tokens, index, _statement, _reporter);
                return;
            case TxLexer.BADNUM:
                ReportNumber(token);
                token.Type = TxLexer.INT;
                break;
            case TxLexer.BADSTRING:
                ReportString(token);
                token.Type = TxLexer.STRING;
                break;
            case TxLexer.SEMI when _parentheses == 0:
                CloseParentheses();
                if (_atStart) return;
                Emit(token);
                BeginStatement();
                return;
            case TxLexer.Q:
                _conditionals++;
                break;
            case TxLexer.COLON when _conditionals > 0:
                _conditionals--;
                break;
            case TxLexer.OP or TxLexer.SCHEDULE or TxLexer.STRATEGY or TxLexer.REDUCER or TxLexer.INTRIN or TxLexer.TARGET or TxLexer.TEST when _atStart:
                _inHeader = true;
                break;
            case TxLexer.ARROW when _inHeader:
                // A parameter list that was not closed ends before its results.
                if (_parentheses == 0) CloseParentheses();
                break;
            case TxLexer.LP or TxLexer.LB:
                Open(index);
                break;
            case TxLexer.LC:
                CloseParentheses();
                _open.Push(index);
                Emit(token);
                BeginStatement();
                return;
            case TxLexer.RP or TxLexer.RB:
                if (_pairs.Unmatched.Contains(index))
                {
                    ReportUnmatched(token);
                    return;
                }
                if (_pairs.Replaced.TryGetValue(index, out int meant))
                {
                    ReportWrong(token, meant);
                    token.Type = meant;
                }
                CloseUnclosed(stopAtBrace: true);
                _open.Pop();
                _parentheses--;
                break;
            case TxLexer.RC:
                if (_pairs.Unmatched.Contains(index))
                {
                    ReportUnmatched(token);
                    return;
                }
                CloseParentheses();
                _open.Pop();
                BeginStatement();
                break;
            case Antlr4.Runtime.TokenConstants.EOF:
                CloseAll(braces: true);
                break;
        }
        Emit(token);
    }

    private void Emit(SourceToken token)
    {
        token.Statement = _statement;
        _output.Add(token);
        _atStart = token.Type is TxLexer.NL or TxLexer.SEMI or TxLexer.LC;
    }

    private void BeginStatement() => (_statement, _conditionals, _inHeader) = (_statement + 1, 0, false);

    private void EndStatement()
    {
        CloseParentheses();
        Emit(SourceToken.After(_output[^1], TxLexer.NL, _statement));
        BeginStatement();
    }

    private void Open(int index)
    {
        _open.Push(index);
        if (!_pairs.Unclosed.Contains(index)) _parentheses++;
    }

    private void CloseParentheses() => CloseUnclosed(stopAtBrace: true);

    private void CloseAll(bool braces)
    {
        CloseUnclosed(stopAtBrace: !braces);
        if (_output.Count > 0 && !_atStart) EndStatement();
    }

    /// <summary>Closes the brackets at the top of the stack that the text leaves open, and reports the outermost of each kind.</summary>
    private void CloseUnclosed(bool stopAtBrace)
    {
        while (TopIsUnclosed(out bool brace) && !(stopAtBrace && brace)) CloseRun(brace);
    }

    private bool TopIsUnclosed(out bool brace)
    {
        bool unclosed = _open.TryPeek(out int index) && _pairs.Unclosed.Contains(index);
        brace = unclosed && _tokens[index].Type == TxLexer.LC;
        return unclosed;
    }

    /// <summary>Closes unclosed braces, or unclosed parentheses and square brackets, up to the next of the other kind.</summary>
    private void CloseRun(bool braces)
    {
        var closers = new StringBuilder();
        int end = _output[^1].StopIndex + 1;
        var opener = _output[^1];
        while (TopIsUnclosed(out bool brace) && brace == braces)
        {
            opener = _tokens[_open.Pop()];
            int closer = BracketPairs.Closer(opener.Type);
            // A closing brace stands in a line of its own.
            if (braces) closers.Append('\n');
            closers.Append(BracketPairs.Sign(closer));
            Emit(SourceToken.After(_output[^1], closer, _statement));
        }
        var place = _reporter.At(end, end);
        string fix = closers.ToString();
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.UnclosedBracket, _reporter.At(opener.Extent), BracketPairs.Sign(opener.Type), fix[^1]).WithFix(place, fix);
        if (braces)
        {
            _reporter.ReportAlways(diagnostic);
            BeginStatement();
        }
        else
        {
            _reporter.Report(_statement, diagnostic);
        }
    }

    private void ReportUnmatched(SourceToken closer)
    {
        var span = _reporter.At(closer.Extent);
        _reporter.Report(_statement, Diagnostic.Create(SyntaxDiagnostics.UnmatchedBracket, span,
            BracketPairs.Sign(closer.Type), BracketPairs.Sign(BracketPairs.Opener(closer.Type))).WithFix(span, ""));
    }

    private void ReportWrong(SourceToken closer, int meant)
    {
        var span = _reporter.At(closer.Extent);
        string right = BracketPairs.Sign(meant).ToString();
        _reporter.Report(_statement, Diagnostic.Create(SyntaxDiagnostics.WrongBracket, span,
            BracketPairs.Sign(closer.Type), BracketPairs.Sign(BracketPairs.Opener(meant)), right).WithFix(span, right));
    }

    private void ReportString(SourceToken token)
    {
        string text = token.Text;
        // Inside brackets the quote is most likely missing before the closing ones.
        int end = _open.Count > 0 && _tokens[_open.Peek()].Type != TxLexer.LC ? text.AsSpan().TrimEnd(")], ").Length : text.Length;
        int place = token.StartIndex + Math.Max(1, end);
        _reporter.Report(_statement, Diagnostic.Create(SyntaxDiagnostics.UnterminatedString, _reporter.At(token.Extent))
            .WithFix(_reporter.At(place, place), text[..Math.Max(1, end)].EndsWith('\\') ? "\\\"" : "\""));
    }

    private void ReportNumber(SourceToken token)
    {
        string text = token.Text;
        int digits = 0;
        bool prefixed = text.StartsWith("0x", StringComparison.Ordinal) || text.StartsWith("0b", StringComparison.Ordinal);
        while (!prefixed && digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] is '_' or '.')) digits++;
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.BadNumber, _reporter.At(token.Extent), text,
            digits > 0 ? $"write `{text[..digits]} * {text[digits..]}` for a product; a name begins with a letter"
            : "a number after `0x` has digits 0 to 9 and a to f, one after `0b` has 0 and 1");
        if (digits > 0) diagnostic = diagnostic.WithFix(_reporter.At(token.Extent), $"{text[..digits]} * {text[digits..]}");
        _reporter.Report(_statement, diagnostic);
    }
}
