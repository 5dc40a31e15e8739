using System.Text;
using Tx.Core;
using Tx.Lang.Formatting;
using Tx.Lang.Generated;
using Tx.Lang.Syntax;

namespace Tx.Tests.Formatting;

/// <summary>Changes spaces and line breaks of a program where they mean nothing: the ends of statements stay, blank lines between statements stay blank,
/// and a comment keeps its line.</summary>
internal static class LayoutNoise
{
    public static string Apply(SourceText source, Random random)
    {
        var tokens = Filtered(source);
        var text = new StringBuilder();
        int end = 0, depth = 0;
        bool wasNewline = false, wasSeparator = false;
        SourceToken? previous = null;
        foreach (var token in tokens)
        {
            if (token.Type is TxLexer.NL)
            {
                wasNewline = true;
                continue;
            }
            int start = Math.Max(end, token.StartIndex);
            string gap = source.Text[end..start];
            text.Append(Change(gap, previous, token, depth, wasNewline, wasSeparator, random));
            if (token.Type is Antlr4.Runtime.TokenConstants.EOF) break;
            text.Append(source.Text, token.StartIndex, token.StopIndex + 1 - token.StartIndex);
            depth += token.Type is TxLexer.LP or TxLexer.LB ? 1 : token.Type is TxLexer.RP or TxLexer.RB ? -1 : 0;
            (end, previous, wasNewline, wasSeparator) = (token.StopIndex + 1, token, false, token.Type is TxLexer.SEMI);
        }
        return text.ToString();
    }

    public static List<SourceToken> Filtered(SourceText source)
    {
        var reporter = new SyntaxReporter(source);
        var scanned = TokenScanner.Scan(source, reporter)!;
        return NewlineFilter.Run(scanned.Tokens, BracketPairs.Find(scanned.Tokens, reporter), reporter)!;
    }

    private static string Change(string gap, SourceToken? left, SourceToken right, int depth, bool wasNewline, bool wasSeparator, Random random)
    {
        var read = Gap.Read(gap);
        if (read.HasComments || gap.Contains(';')) return Widen(gap, random);
        if (left is null) return Blanks(random);
        if (right.Type is Antlr4.Runtime.TokenConstants.EOF) return Blanks(random) + (random.Next(2) == 0 ? "\n" : "");
        if (wasNewline || (wasSeparator && read.HasLineEnd))
            return Blanks(random) + (read.LinesAfter > 1 ? string.Concat(Enumerable.Repeat(Line(random), random.Next(2, 5))) : Line(random)) + Blanks(random);
        if (wasSeparator || right.Type is TxLexer.SEMI) return Blanks(random);
        // A word that always begins a statement: `else if`.
        bool begins = right.Type is TxLexer.LET or TxLexer.CONST or TxLexer.ASSERT or TxLexer.BENCH or TxLexer.KNOB or TxLexer.IF or TxLexer.FOR or TxLexer.REQUIRE;
        bool maySplit = depth > 0 || !begins && (NewlineFilter.CannotEndStatement(left.Type) || NewlineFilter.ContinuesStatement(right.Type, inHeader: false));
        bool mayBreakWord = !MustPart(left, right);
        return random.Next(5) switch
        {
            0 when maySplit => Blanks(random) + string.Concat(Enumerable.Repeat(Line(random), random.Next(1, 4))) + Blanks(random),
            1 or 2 when mayBreakWord => "",
            _ => " " + Blanks(random),
        };
    }

    /// <summary>True for tokens that become another without a space: two words, or characters that are an operator together.</summary>
    private static bool MustPart(SourceToken left, SourceToken right)
    {
        char a = left.Text[^1], b = right.Text[0];
        bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '"';
        return (IsWord(a) && IsWord(b)) || (!IsWord(a) && !IsWord(b) && a is not ('(' or ')' or '[' or ']' or ',' or ';') && b is not ('(' or ')' or '[' or ']' or ',' or ';'))
            || (char.IsAsciiDigit(a) && b is '.') || (a is '.' && char.IsAsciiDigit(b));
    }

    // Only spaces that end or begin a line, outside of comments.
    private static string Widen(string gap, Random random) => random.Next(2) == 0 ? gap : gap + (gap.EndsWith('\n') ? Blanks(random) : "");

    private static string Line(Random random) => random.Next(4) == 0 ? "\r\n" : "\n";

    private static string Blanks(Random random) => new(' ', random.Next(4));
}
