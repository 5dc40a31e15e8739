using Antlr4.Runtime;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Words for a token that the grammar does not allow at its place.</summary>
internal static class UnexpectedToken
{
    private const string EndOfStatement = "the end of the statement";

    private static readonly HashSet<int> Operators =
    [
        TxLexer.STAR, TxLexer.SLASH, TxLexer.PCT, TxLexer.PLUS, TxLexer.MINUS, TxLexer.SHL, TxLexer.SHR, TxLexer.AMP, TxLexer.CARET, TxLexer.BAR,
        TxLexer.LT, TxLexer.GT, TxLexer.LE, TxLexer.GE, TxLexer.EQ, TxLexer.NE, TxLexer.AND, TxLexer.OR, TxLexer.Q, TxLexer.QQ,
    ];

    private static readonly HashSet<int> Names =
        [TxLexer.ID, TxLexer.MEMORY, TxLexer.UNIT, TxLexer.QUEUE, TxLexer.DMA, TxLexer.RUN, TxLexer.EMIT, TxLexer.CYCLES, TxLexer.EXACT];

    private static readonly HashSet<int> ExpressionStarts =
    [
        .. Names, TxLexer.INT, TxLexer.FLOAT, TxLexer.STRING, TxLexer.TRUE, TxLexer.FALSE, TxLexer.LP, TxLexer.LB, TxLexer.MINUS, TxLexer.BANG, TxLexer.TILDE,
    ];

    /// <summary>Words that begin a construct elsewhere.</summary>
    private static readonly Dictionary<string, string> OtherWords = new()
    {
        ["fn"] = "op", ["def"] = "op", ["func"] = "op", ["function"] = "op", ["kernel"] = "op", ["var"] = "let", ["val"] = "let",
    };

    /// <summary>The error for <paramref name="found"/> where one of <paramref name="expected"/> should stand.</summary>
    public static Diagnostic Explain(ITokenStream tokens, SourceToken found, IList<int> expected, Repair repair, SyntaxReporter reporter)
    {
        var before = found.TokenIndex > 0 ? (SourceToken)tokens.Get(found.TokenIndex - 1) : null;
        var place = Place(found, before, reporter);
        return Special(tokens, found, before, expected, reporter) ?? General(found, IsLineEnd(found, before), expected, repair, place, reporter);
    }

    /// <summary>The end of a line has its place behind the last token.</summary>
    private static SourceSpan Place(SourceToken found, SourceToken? before, SyntaxReporter reporter) =>
        before is not null && IsLineEnd(found, before) ? reporter.At(before.StopIndex + 1, before.StopIndex + 1) : reporter.At(found.Extent);

    /// <summary>Where a statement stops short before the brace that ends its block, the reader looks at the statement.</summary>
    private static bool IsLineEnd(SourceToken found, SourceToken? before) =>
        found.Type is TxLexer.NL or TokenConstants.EOF || found.Type == TxLexer.RC && before?.Line < found.Line;

    private static Diagnostic? Special(ITokenStream tokens, SourceToken found, SourceToken? before, IList<int> expected, SyntaxReporter reporter)
    {
        var span = reporter.At(found.Extent);
        string text = found.Type is TxLexer.NL or TokenConstants.EOF ? "" : found.Text;
        var next = found.Type == TokenConstants.EOF ? found : (SourceToken)tokens.Get(found.TokenIndex + 1);
        bool wantsExpression = expected.Contains(TxLexer.INT);
        bool afterExpression = !wantsExpression && before is not null && !NewlineFilter.CannotEndStatement(before.Type);
        bool beforeIsNumber = before is { Type: TxLexer.DOT } && found.TokenIndex > 1
            && tokens.Get(found.TokenIndex - 2) is SourceToken { Type: TxLexer.INT } number && number.StopIndex + 1 == before.StartIndex;
        if (beforeIsNumber)
        {
            var digits = (SourceToken)tokens.Get(found.TokenIndex - 2);
            var whole = reporter.At(digits.StartIndex, before!.StopIndex + 1);
            return Diagnostic.Create(SyntaxDiagnostics.MissingDigit, whole, digits.Text + ".0").WithFix(whole, digits.Text + ".0");
        }
        if (found.Type == TxLexer.DOT && wantsExpression && next.Type == TxLexer.INT && next.StartIndex == found.StopIndex + 1)
        {
            var whole = reporter.At(found.StartIndex, next.StopIndex + 1);
            return Diagnostic.Create(SyntaxDiagnostics.MissingDigit, whole, "0." + next.Text).WithFix(whole, "0." + next.Text);
        }
        if (afterExpression && found.Type == TxLexer.ID && text is "and" or "or")
            return Spelling(span, text, text == "and" ? "&&" : "||");
        if (afterExpression && before is { Type: TxLexer.ID, Text: "not" })
            return Spelling(reporter.At(before.StartIndex, found.StartIndex), "not", "!");
        if (found.Type == TxLexer.STAR && before is { Type: TxLexer.STAR } && before.StopIndex + 1 == found.StartIndex)
            return Diagnostic.Create(SyntaxDiagnostics.OtherSpelling, reporter.At(before.StartIndex, found.StopIndex + 1), "**", "pow(a, b)");
        if (found.Type == TxLexer.ASSIGN && before is { Type: TxLexer.COLON })
            return Spelling(reporter.At(before.StartIndex, found.StopIndex + 1), ":=", "=");
        if (found.Type == TxLexer.ASSIGN && before is { Type: TxLexer.MINUS or TxLexer.SLASH or TxLexer.PCT } && wantsExpression)
            return Diagnostic.Create(SyntaxDiagnostics.OtherSpelling, reporter.At(before.StartIndex, found.StopIndex + 1), before.Text + "=",
                before.Type == TxLexer.MINUS ? "x += -(…)" : "x = …");
        if (found.Type == TxLexer.ASSIGN && afterExpression && !expected.Contains(TxLexer.ASSIGN))
            return Spelling(span, "=", "==");
        if (found.Type == TxLexer.ID && expected.Contains(TxLexer.ARROW) && expected.Contains(TxLexer.LC))
            return Diagnostic.Create(SyntaxDiagnostics.Unexpected, span, "`->` or `{`", Show(found)).WithFix(reporter.At(found.StartIndex, found.StartIndex), "-> ");
        if (before is { Type: TxLexer.ID } && afterExpression && OtherWords.TryGetValue(before.Text, out string? word))
            return Spelling(reporter.At(before.Extent), before.Text, word);
        if (found.Type == TxLexer.COLON && afterExpression && expected.Contains(TxLexer.RB))
            return Spelling(span, ":", "..");
        if (found.Type == TxLexer.COLON && wantsExpression && before is { Type: TxLexer.LB or TxLexer.COMMA })
            return Spelling(span, ":", "0..");
        if (found.Type == TxLexer.IF && before?.Line == found.Line && (wantsExpression || afterExpression))
            return Diagnostic.Create(SyntaxDiagnostics.OtherSpelling, span, "if", "condition ? a : b");
        if (found.Type == TxLexer.ID && expected is [TxLexer.STRING])
            return Diagnostic.Create(SyntaxDiagnostics.Unexpected, span, "a string", Show(found)).WithHelp($"write `\"{text}\"`").WithFix(span, $"\"{text}\"");
        if (IsKeyword(found.Type) && expected.Any(Names.Contains) && before?.Line == found.Line)
            return Diagnostic.Create(SyntaxDiagnostics.KeywordAsName, span, text).WithFix(span, text + "_");
        if (before is { Type: TxLexer.ID } && afterExpression && before.Line == found.Line && (found.TokenIndex == 1 || ((SourceToken)tokens.Get(found.TokenIndex - 2)).Statement < before.Statement))
            return Diagnostic.Create(SyntaxDiagnostics.Unexpected, span, EndOfStatement, Show(found))
                .WithHelp($"no statement begins with the word `{before.Text}`; a call is written `{before.Text}(…)`");
        if (afterExpression && expected.Contains(TxLexer.NL) && BeginsStatement(found.Type))
            return Diagnostic.Create(SyntaxDiagnostics.MissingLineEnd, span, Show(found)).WithFix(reporter.At(found.StartIndex, found.StartIndex), "; ");
        return null;
    }

    private static Diagnostic Spelling(SourceSpan span, string text, string meant) =>
        Diagnostic.Create(SyntaxDiagnostics.OtherSpelling, span, text, meant).WithFix(span, meant);

    private static Diagnostic General(SourceToken found, bool atLineEnd, IList<int> expected, Repair repair, SourceSpan place, SyntaxReporter reporter)
    {
        string shown = atLineEnd && found.Type != TokenConstants.EOF ? "the end of the line" : Show(found);
        var words = Words(expected);
        string list = words.Count switch
        {
            0 or > 4 => "something else",
            1 => words[0],
            _ => string.Join(", ", words.Take(words.Count - 1)) + " or " + words[^1],
        };
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.Unexpected, place, list, shown);
        if (atLineEnd) diagnostic = diagnostic.WithHelp(list == "something else" ? "finish the statement" : $"write {list} here");
        else if (list == EndOfStatement) diagnostic = diagnostic.WithHelp($"remove {shown}, or join it to what stands before");
        if (expected is [TxLexer.DOTDOT]) diagnostic = diagnostic.WithHelp("a range is written `0..n`");
        if (expected.Contains(TxLexer.ASSIGN) && !expected.Contains(TxLexer.NL) && found.Type != TxLexer.NL && place.Span.Length > 0)
            return diagnostic.WithFix(reporter.At(place.Span.Start, place.Span.Start), "= ");
        if (repair == Repair.Insert && expected.Count == 1 && TxLexer.DefaultVocabulary.GetLiteralName(expected[0]) is { } literal)
            return diagnostic.WithFix(reporter.At(place.Span.Start, place.Span.Start), literal.Trim('\'') + (place.Span.Length > 0 ? " " : ""));
        return repair == Repair.Remove && found.Type == TxLexer.COMMA ? diagnostic.WithFix(place, "") : diagnostic;
    }

    private static bool IsKeyword(int type) => type is >= TxLexer.IMPORT and <= TxLexer.FALSE;

    private static bool BeginsStatement(int type) =>
        type is >= TxLexer.IMPORT and <= TxLexer.EXACT or TxLexer.ID or TxLexer.INT or TxLexer.FLOAT or TxLexer.STRING;

    private static string Show(SourceToken token) => token.Type switch
    {
        TxLexer.NL => "the end of the line",
        TokenConstants.EOF => "the end of the text",
        TxLexer.STRING => "a string",
        _ when token.Text.Length > 40 => "`" + token.Text[..37] + "…`",
        _ => "`" + token.Text + "`",
    };

    /// <summary>Groups the tokens into what a reader would call them.</summary>
    private static List<string> Words(IList<int> expected)
    {
        var left = new HashSet<int>(expected);
        var words = new List<string>();
        if (left.Contains(TxLexer.LET))
        {
            words.Add("a statement");
            left.RemoveWhere(t => BeginsStatement(t) || ExpressionStarts.Contains(t));
        }
        if (left.Contains(TxLexer.PLUS) && !left.Contains(TxLexer.INT))
        {
            // After a complete operand anything may follow; what closes the place is what helps.
            left.ExceptWith(Operators);
            left.ExceptWith([TxLexer.DOT, TxLexer.LP, TxLexer.LB]);
            bool ends = left.Overlaps([TxLexer.NL, TxLexer.RP, TxLexer.RB, TxLexer.LC]);
            if (ends) left.ExceptWith([TxLexer.COLON, TxLexer.IF, TxLexer.IN, TxLexer.ARROW, TxLexer.ASSIGN, TxLexer.DOTDOT, TxLexer.RC]);
        }
        if (left.Contains(TxLexer.INT))
        {
            words.Add("an expression");
            left.ExceptWith(ExpressionStarts);
            left.Remove(TxLexer.DOTDOT);
        }
        if (left.Overlaps(Names))
        {
            words.Add("a name");
            left.ExceptWith(Names);
        }
        if (left.Contains(TxLexer.LC)) left.ExceptWith([TxLexer.FOR, TxLexer.ON, TxLexer.EXTENDS, TxLexer.WHEN, TxLexer.REQUIRE]);
        if (left.Contains(TxLexer.ASSIGN)) left.ExceptWith([TxLexer.PLUSEQ, TxLexer.STAREQ, TxLexer.AMPEQ, TxLexer.BAREQ, TxLexer.CARETEQ]);
        else if (left.Contains(TxLexer.NL)) left.ExceptWith([TxLexer.PLUSEQ, TxLexer.STAREQ, TxLexer.AMPEQ, TxLexer.BAREQ, TxLexer.CARETEQ]);
        if (left.Overlaps([TxLexer.NL, TxLexer.SEMI]))
        {
            words.Add(EndOfStatement);
            left.ExceptWith([TxLexer.NL, TxLexer.SEMI, TokenConstants.EOF]);
        }
        foreach (int type in left.Order())
            words.Add(type == TokenConstants.EOF ? "the end of the text" : type == TxLexer.STRING ? "a string"
                : "`" + (TxLexer.DefaultVocabulary.GetLiteralName(type)?.Trim('\'') ?? TxLexer.DefaultVocabulary.GetSymbolicName(type)) + "`");
        return words;
    }
}
