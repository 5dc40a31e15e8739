using Antlr4.Runtime;
using Antlr4.Runtime.Misc;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Says what was expected in plain words, and goes on at the end of the statement.</summary>
internal sealed class SentenceErrorStrategy(SyntaxReporter reporter) : DefaultErrorStrategy
{
    /// <summary>After so many failures the rest of the text is skipped.</summary>
    private const int MaxFailures = 1000;
    private int _failures;

    public override void ReportError(Parser recognizer, RecognitionException e)
    {
        if (InErrorRecoveryMode(recognizer)) return;
        BeginErrorCondition(recognizer);
        var expected = e is NoViableAltException && e.OffendingToken != ((NoViableAltException)e).StartToken ? new IntervalSet() : e.GetExpectedTokens();
        Describe(recognizer, (SourceToken)e.OffendingToken, expected, Repair.None);
    }

    protected override void ReportUnwantedToken(Parser recognizer)
    {
        if (InErrorRecoveryMode(recognizer)) return;
        BeginErrorCondition(recognizer);
        Describe(recognizer, (SourceToken)recognizer.CurrentToken, GetExpectedTokens(recognizer), Repair.Remove);
    }

    protected override void ReportMissingToken(Parser recognizer)
    {
        if (InErrorRecoveryMode(recognizer)) return;
        BeginErrorCondition(recognizer);
        Describe(recognizer, (SourceToken)recognizer.CurrentToken, GetExpectedTokens(recognizer), Repair.Insert);
    }

    /// <summary>Brackets come in pairs before the parser sees them, so one alone is neither added nor dropped.</summary>
    protected override bool SingleTokenInsertion(Parser recognizer) =>
        !GetExpectedTokens(recognizer).ToList().Any(IsBracket) && base.SingleTokenInsertion(recognizer);

    protected override IToken? SingleTokenDeletion(Parser recognizer) =>
        IsBracket(recognizer.CurrentToken.Type) ? null : base.SingleTokenDeletion(recognizer);

    private static bool IsBracket(int type) => type is TxLexer.LP or TxLexer.RP or TxLexer.LB or TxLexer.RB or TxLexer.LC or TxLexer.RC;

    /// <summary>A name that was left out is not invented: the tree has a gap there.</summary>
    protected override IToken GetMissingSymbol(Parser recognizer)
    {
        var current = (SourceToken)recognizer.CurrentToken;
        int type = GetExpectedTokens(recognizer).MinElement;
        return SourceToken.After(current, type, current.Statement);
    }

    /// <summary>Skips to a token of the set; what stands in braces on the way is skipped as a whole.</summary>
    protected override void ConsumeUntil(Parser recognizer, IntervalSet set)
    {
        var tokens = (ITokenStream)recognizer.InputStream;
        int depth = 0;
        for (int type = tokens.LA(1); type != TokenConstants.EOF; type = tokens.LA(1))
        {
            if (depth == 0 && set.Contains(type)) return;
            if (type == TxLexer.LC) depth++;
            if (type == TxLexer.RC && depth > 0) depth--;
            recognizer.Consume();
        }
    }

    private void Describe(Parser recognizer, SourceToken found, IntervalSet expected, Repair repair)
    {
        var tokens = (ITokenStream)recognizer.InputStream;
        int statement = found.Type == TxLexer.RC && found.TokenIndex > 0 ? ((SourceToken)tokens.Get(found.TokenIndex - 1)).Statement : found.Statement;
        if (!reporter.IsFaulty(statement))
            reporter.Report(statement, UnexpectedToken.Explain(tokens, found, expected.ToList(), repair, reporter));
        if (++_failures >= MaxFailures || reporter.IsFull) tokens.Seek(tokens.Size - 1);
    }
}

/// <summary>What would let the parser go on.</summary>
internal enum Repair { None, Remove, Insert }
