using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Formatting;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

public enum TokenKind { Keyword, Name, Number, Text, Operator, Punctuation, Comment, Documentation, Error }

/// <summary>A token or a comment of a text.</summary>
public readonly record struct ClassifiedToken(TextSpan Span, TokenKind Kind);

/// <summary>The tokens and comments of any text, right or wrong, in its order.</summary>
public static class SourceTokens
{
    public static ImmutableArray<ClassifiedToken> Read(SourceText source)
    {
        if (TokenScanner.Scan(source, new SyntaxReporter(source)) is not { } scanned) return [];
        var roles = TokenRoles.Of([.. scanned.Tokens.Select(t => t.Type)]);
        var found = ImmutableArray.CreateBuilder<ClassifiedToken>(scanned.Tokens.Count);
        int end = 0;
        for (int i = 0; i < scanned.Tokens.Count; i++)
        {
            var token = scanned.Tokens[i];
            int start = Math.Min(token.StartIndex, source.Text.Length);
            foreach (var comment in Gap.CommentsIn(source.Text.AsSpan(end, Math.Max(0, start - end))))
            {
                bool isDoc = source.Text.AsSpan(end + comment.Start, comment.Length) is ['/', '/', '/', ..] doc && doc is not ['/', '/', '/', '/', ..];
                found.Add(new(comment with { Start = end + comment.Start }, isDoc ? TokenKind.Documentation : TokenKind.Comment));
            }
            if (token.Type is Antlr4.Runtime.TokenConstants.EOF) break;
            found.Add(new(token.Extent, KindOf(token.Type, roles[i])));
            end = token.StopIndex + 1;
        }
        return found.ToImmutable();
    }

    private static TokenKind KindOf(int type, TokenRole role) => role switch
    {
        TokenRole.Name => TokenKind.Name,
        TokenRole.Word => TokenKind.Keyword,
        _ => type switch
        {
            TxLexer.INT or TxLexer.FLOAT or TxLexer.BADNUM => TokenKind.Number,
            TxLexer.STRING or TxLexer.BADSTRING => TokenKind.Text,
            TxLexer.LP or TxLexer.RP or TxLexer.LB or TxLexer.RB or TxLexer.LC or TxLexer.RC or TxLexer.COMMA or TxLexer.SEMI or TxLexer.COLON => TokenKind.Punctuation,
            TxLexer.BAD => TokenKind.Error,
            _ => TokenKind.Operator,
        },
    };
}
