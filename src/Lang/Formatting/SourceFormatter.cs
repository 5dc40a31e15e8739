using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Formatting;

/// <summary>What formatting gave.</summary>
/// <param name="Text">Null where the text has errors.</param>
public sealed record FormattedText(string? Text, ImmutableArray<Diagnostic> Diagnostics);

/// <summary>The one layout of a text: a function of its tokens, its comments, where its statements end, and which of them a blank line parts.</summary>
public static class SourceFormatter
{
    /// <summary>The longest line, unless a single token or a comment is longer.</summary>
    public const int Width = 120;
    public const int IndentStep = 4;

    public static FormattedText Format(SourceText source)
    {
        var tree = SyntaxParser.Parse(source);
        if (tree.Diagnostics.Any(d => d.IsError)) return new(null, tree.Diagnostics);
        var reporter = new SyntaxReporter(source);
        if (TokenScanner.Scan(source, reporter) is not { } scanned) return new(null, reporter.ToImmutable());
        var pairs = BracketPairs.Find(scanned.Tokens, reporter);
        if (NewlineFilter.Run(scanned.Tokens, pairs, reporter) is not { } tokens) return new(null, reporter.ToImmutable());
        var lines = ItemWriter.Write(ItemReader.Read(source, tokens));
        var text = new StringBuilder(source.Text.Length);
        foreach (var line in LineAligner.Align(lines))
        {
            if (line.IsBlank)
            {
                text.Append('\n');
                continue;
            }
            text.Append(' ', line.Indent).Append(line.Code);
            if (line.Comment is not null) text.Append("  ").Append(line.Comment);
            text.Append('\n');
        }
        return new(text.ToString(), []);
    }
}
