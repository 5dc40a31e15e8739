using Antlr4.Runtime;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>The tokens of a text, the last of them the end of the file, and the documentation above each.</summary>
/// <param name="Docs">From the position of a token to the text of the <c>///</c> lines directly above it.</param>
internal sealed record ScannedText(List<SourceToken> Tokens, Dictionary<int, string> Docs);

/// <summary>Runs the lexer, drops comments and keeps documentation.</summary>
internal static class TokenScanner
{
    /// <summary>Bounds the memory of a parse; more than a hundred thousand lines.</summary>
    public const int MaxTokens = 1_000_000;

    /// <summary>Null where the text is too long; the error has been reported.</summary>
    public static ScannedText? Scan(SourceText source, SyntaxReporter reporter)
    {
        var lexer = new TxLexer(new TextCharStream(source.Text, source.Path)) { TokenFactory = new SourceTokenFactory() };
        lexer.RemoveErrorListeners();
        var tokens = new List<SourceToken>();
        var docs = new DocLines(source.Text);
        int openComments = 0, commentStart = 0;
        while (true)
        {
            var token = (SourceToken)lexer.NextToken();
            switch (token.Type)
            {
                case TxLexer.OPEN_COMMENT:
                    if (openComments++ == 0) commentStart = token.StartIndex;
                    continue;
                case TxLexer.CLOSE_COMMENT:
                    openComments--;
                    continue;
                case TxLexer.DOCLINE:
                    docs.Add(token);
                    continue;
            }
            if (tokens.Count == MaxTokens)
            {
                reporter.ReportAlways(Diagnostic.Create(SyntaxDiagnostics.TooLong, reporter.At(token.Extent), MaxTokens));
                return null;
            }
            docs.Attach(token);
            tokens.Add(token);
            if (token.Type != TokenConstants.EOF) continue;
            if (openComments > 0) reporter.ReportAlways(Unterminated(commentStart, openComments, reporter));
            return new(tokens, docs.Attached);
        }
    }

    private static Diagnostic Unterminated(int start, int depth, SyntaxReporter reporter)
    {
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.UnterminatedComment, reporter.At(start, start + 2));
        int end = reporter.Source.Text.Length;
        return depth <= 4 ? diagnostic.WithFix(reporter.At(end, end), string.Concat(Enumerable.Repeat("*/", depth))) : diagnostic;
    }

    /// <summary>Gathers documentation lines until the token that they stand above. A blank line parts two blocks; what follows other
    /// text in its line documents nothing.</summary>
    private sealed class DocLines(string text)
    {
        private readonly List<string> _lines = [];
        private int _lastLine = -1;
        private int _tokenLine;

        public Dictionary<int, string> Attached { get; } = [];

        public void Add(SourceToken line)
        {
            if (line.Line == _tokenLine) return;
            if (line.Line != _lastLine + 1) _lines.Clear();
            _lastLine = line.Line;
            _lines.Add(text[(line.StartIndex + 3)..(line.StopIndex + 1)].Trim());
        }

        public void Attach(SourceToken token)
        {
            _tokenLine = token.Line;
            if (_lines.Count == 0) return;
            if (token.Line == _lastLine + 1) Attached[token.StartIndex] = string.Join('\n', _lines);
            _lines.Clear();
        }
    }
}
