using Antlr4.Runtime;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Text to syntax tree.</summary>
public static class SyntaxParser
{
    /// <summary>How deep operations may stand in one another.</summary>
    public const int MaxOperatorDepth = 1000;

    /// <summary>Reads any text. Always gives a tree: what could not be read is missing from it or is an <see cref="ErrorExpressionSyntax"/>,
    /// and an error says so. Takes time linear in the length of the text.</summary>
    public static SyntaxTree Parse(SourceText source)
    {
        var reporter = new SyntaxReporter(source);
        var file = Read(source, reporter) ?? new FileSyntax(reporter.At(0, source.Text.Length), []);
        return new(source, file, reporter.ToImmutable());
    }

    /// <summary>False where the text stops inside brackets, in a comment or after a token that a statement cannot end with, so that a prompt
    /// asks for another line.</summary>
    public static bool IsComplete(SourceText source)
    {
        var reporter = new SyntaxReporter(source);
        if (TokenScanner.Scan(source, reporter) is not { } scanned) return true;
        if (reporter.ToImmutable().Any(d => d.Descriptor == SyntaxDiagnostics.UnterminatedComment)) return false;
        var pairs = BracketPairs.Find(scanned.Tokens, reporter);
        if (pairs.TooDeep) return true;
        var tokens = scanned.Tokens;
        return tokens.Count == 1 || (pairs.Unclosed.Count == 0 && !NewlineFilter.CannotEndStatement(tokens[^2].Type));
    }

    /// <summary>The parser for a text, with the tokens that it will read; null where the text cannot be parsed at all.</summary>
    internal static TxParser? Prepare(SourceText source, SyntaxReporter reporter, out ScannedText? scanned)
    {
        scanned = TokenScanner.Scan(source, reporter);
        if (scanned is null) return null;
        var pairs = BracketPairs.Find(scanned.Tokens, reporter);
        if (pairs.TooDeep || NewlineFilter.Run(scanned.Tokens, pairs, reporter) is not { } tokens) return null;
        var stream = new CommonTokenStream(new ListTokenSource([.. tokens]));
        stream.Fill();
        var parser = new TxParser(stream) { ErrorHandler = new SentenceErrorStrategy(reporter) };
        parser.RemoveErrorListeners();
        return parser;
    }

    private static FileSyntax? Read(SourceText source, SyntaxReporter reporter) =>
        Prepare(source, reporter, out var scanned) is { } parser ? new SyntaxBuilder(reporter, scanned!.Docs).File(parser.file()) : null;
}
