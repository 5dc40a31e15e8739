using Antlr4.Runtime;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>A token that knows the statement in which it stands.</summary>
internal sealed class SourceToken(Tuple<ITokenSource, ICharStream> source, int type, int channel, int start, int stop)
    : CommonToken(source, type, channel, start, stop)
{
    /// <summary>Statements are numbered in the order of the text; a brace or a separator ends one. One statement reports one error.</summary>
    public int Statement { get; set; }

    public TextSpan Extent => TextSpan.FromBounds(StartIndex, StopIndex + 1);

    /// <summary>A token of no length that stands after <paramref name="previous"/>.</summary>
    public static SourceToken After(SourceToken previous, int type, int statement) =>
        new(previous.source, type, TokenConstants.DefaultChannel, previous.StopIndex + 1, previous.StopIndex)
        {
            Line = previous.Line, Column = previous.Column, Statement = statement,
        };
}

internal sealed class SourceTokenFactory : ITokenFactory
{
    public IToken Create(Tuple<ITokenSource, ICharStream> source, int type, string text, int channel, int start, int stop, int line, int charPositionInLine) =>
        new SourceToken(source, type, channel, start, stop) { Line = line, Column = charPositionInLine };

    public IToken Create(int type, string text) => new SourceToken(new(null!, null!), type, TokenConstants.DefaultChannel, 0, -1);
}
