namespace Tx.Lang.Formatting;

/// <summary>A declaration, a statement or a line of a unit: stretches of tokens with blocks between them.</summary>
internal sealed class Item
{
    /// <summary>Comments before it in lines of their own, or in its own line.</summary>
    public required Gap Before { get; init; }
    public List<Piece> Pieces { get; } = [];
    /// <summary>Comments after it in its last line.</summary>
    public IReadOnlyList<Comment> Trailing { get; set; } = [];
    /// <summary>True where a <c>;</c> joins the next to it in the same line.</summary>
    public bool IsJoined { get; set; }

    public bool HasBlock => Pieces.Any(p => p is BlockPiece);
    public bool HasLineComment => Before.Comments.Any(c => c.EndsLine || c.LinesBefore > 0) || Trailing.Count > 0;
}

/// <summary>A part of an item.</summary>
internal abstract class Piece;

internal sealed class TokenPiece(List<LayoutToken> tokens) : Piece
{
    public List<LayoutToken> Tokens { get; } = tokens;
}

/// <summary>Items between braces.</summary>
internal sealed class BlockPiece : Piece
{
    /// <summary>Comments between what is before the block and its brace.</summary>
    public required Gap Before { get; init; }
    public List<Item> Items { get; } = [];
    /// <summary>Comments in the line of the opening brace.</summary>
    public IReadOnlyList<Comment> Trailing { get; set; } = [];
    /// <summary>Comments after the last item.</summary>
    public Gap End { get; set; } = Gap.Empty;
}
