using Tx.Lang.Generated;

namespace Tx.Lang.Formatting;

/// <summary>Items to lines. An item stands in one line where it fits; otherwise its blocks and, where needed, its statements are broken.</summary>
internal sealed class ItemWriter
{
    private const int Unlimited = int.MaxValue / 2;
    private readonly List<LayoutLine> _lines = [];

    public static IReadOnlyList<LayoutLine> Write(BlockPiece file)
    {
        var writer = new ItemWriter();
        writer.Body(file, 0);
        return writer._lines;
    }

    private void Body(BlockPiece block, int indent)
    {
        bool isFirst = true;
        for (int i = 0; i < block.Items.Count; i++, isFirst = false)
        {
            var item = block.Items[i];
            string prefix = Leading(item.Before, indent, isFirst, isEnd: false);
            if (Joined(block.Items, i, indent - prefix.Length) is { } joined)
            {
                i += joined.Count - 1;
                _lines.Add(new(indent, prefix + joined.Text, Text(block.Items[i].Trailing), joined.Count == 1 && prefix.Length == 0 && indent > 0 ? AssignAt(item) : 0));
            }
            else
            {
                Broken(item, prefix, indent);
            }
        }
        Leading(block.End, indent, isFirst, isEnd: true);
    }

    /// <summary>Writes the comments that have lines of their own, and the blank line before the item or a comment; returns those in the line of the item.</summary>
    private string Leading(Gap gap, int indent, bool isFirst, bool isEnd)
    {
        // The comments from here on stand in the line of the item.
        int inline = gap.Comments.Count;
        for (int after = gap.LinesAfter; !isEnd && inline > 0 && after == 0 && !gap.Comments[inline - 1].IsLine; after = gap.Comments[inline].LinesBefore) inline--;
        for (int i = 0; i < gap.Comments.Count; i++)
        {
            if (gap.Comments[i].LinesBefore > 1 && !isFirst) _lines.Add(new(0, ""));
            isFirst = false;
            if (i == inline) return string.Concat(gap.Comments.Skip(i).Select(c => c.Text + " "));
            _lines.Add(new(indent, gap.Comments[i].Text));
        }
        if (gap.LinesAfter > 1 && !isFirst && !isEnd) _lines.Add(new(0, ""));
        return "";
    }

    /// <summary>An item, with those that <c>;</c> joins to it, in one line; null where they have to be broken.</summary>
    private static (string Text, int Count)? Joined(List<Item> items, int first, int indent)
    {
        int count = 1;
        while (items[first + count - 1].IsJoined) count++;
        return Flat(items, first, count, indent) ?? (count > 1 ? Flat(items, first, 1, indent) : null);
    }

    private static (string Text, int Count)? Flat(List<Item> items, int first, int count, int indent)
    {
        var texts = new List<string>();
        for (int i = first; i < first + count; i++)
        {
            var item = items[i];
            if (count > 1 && item.HasBlock) return null;
            if (OneLine(item) is not { } text) return null;
            texts.Add(i == first ? text : Inline(item.Before) + text);
        }
        string line = string.Join("; ", texts);
        return line.Length + indent <= SourceFormatter.Width ? (line, count) : null;
    }

    /// <summary>The text of an item without the comments around it; null where something in it ends a line.</summary>
    private static string? OneLine(Item item)
    {
        var text = new System.Text.StringBuilder();
        bool staysOpen = item.Pieces[0] is TokenPiece { Tokens: [{ Type: TxLexer.TEST or TxLexer.TARGET }, ..] };
        foreach (var piece in item.Pieces)
        {
            if (piece is TokenPiece { Tokens: var tokens })
            {
                if (text.Length > 0 && tokens[0].Before.HasComments) return null;
                if (Flat(StatementLayout.Of(tokens)) is not { } run) return null;
                text.Append(text.Length > 0 ? " " : "").Append(run);
                continue;
            }
            var block = (BlockPiece)piece;
            if (block.Before.HasComments || block.Trailing.Count > 0 || block.End.HasComments) return null;
            if (block.Items.Count == 0)
            {
                text.Append(" {}");
                continue;
            }
            if (staysOpen || block.Items.Any(i => i.HasBlock || i.HasLineComment) || block.Items.SkipLast(1).Any(i => !i.IsJoined)) return null;
            var items = block.Items.Select(i => OneLine(i) is { } t ? Inline(i.Before) + t : null).ToList();
            if (items.Contains(null)) return null;
            text.Append(" { ").AppendJoin("; ", items).Append(" }");
        }
        return text.ToString();
    }

    private void Broken(Item item, string prefix, int indent)
    {
        bool isDeclaration = item.Pieces[0] is TokenPiece { Tokens: [{ Type: >= TxLexer.OP and <= TxLexer.TEST }, ..] };
        Doc start = new TextDoc(prefix);
        for (int i = 0; i < item.Pieces.Count; i++)
        {
            if (item.Pieces[i] is BlockPiece block)
            {
                bool isEmpty = block.Items.Count == 0 && block.Trailing.Count == 0 && !block.End.HasComments;
                if (!isEmpty) Body(block, indent + SourceFormatter.IndentStep);
                start = new TextDoc(isEmpty ? "" : "}");
                continue;
            }
            var tokens = ((TokenPiece)item.Pieces[i]).Tokens;
            if (i > 0) start = new ConcatDoc([start, new TextDoc(" "), StatementLayout.OfGap(tokens[0].Before)]);
            var following = i + 1 < item.Pieces.Count ? (BlockPiece)item.Pieces[i + 1] : null;
            if (following is null)
            {
                Add(new ConcatDoc([start, StatementLayout.Of(tokens)]), indent);
                break;
            }
            bool closes = following.Items.Count == 0 && following.Trailing.Count == 0 && !following.End.HasComments;
            Doc brace = new ConcatDoc([StatementLayout.OfGap(following.Before), new TextDoc(closes ? "{}" : "{")]);
            Doc header = isDeclaration ? StatementLayout.Header(tokens, brace) : new ConcatDoc([StatementLayout.Of(tokens), new TextDoc(" "), brace]);
            Add(new ConcatDoc([start, header]), indent);
            if (following.Trailing.Count > 0) _lines[^1] = _lines[^1] with { Comment = Text(following.Trailing) };
        }
        if (start is TextDoc { Text: "}" } && item.Pieces[^1] is BlockPiece) _lines.Add(new(indent, "}"));
        if (item.Trailing.Count > 0) _lines[^1] = _lines[^1] with { Comment = Text(item.Trailing) };
    }

    private void Add(Doc doc, int indent) => _lines.AddRange(DocPrinter.Print(doc, indent, SourceFormatter.Width));

    /// <summary>Where the <c>=</c> of a line that gives something a value stands; 0 where there is none.</summary>
    private static int AssignAt(Item item)
    {
        if (item.Pieces is not [TokenPiece { Tokens: var tokens }] || tokens[0] is { Role: TokenRole.Word, Type: not TxLexer.KNOB }) return 0;
        int depth = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            depth += tokens[i].IsOpening ? 1 : tokens[i].IsClosing ? -1 : 0;
            if (depth == 0 && tokens[i].Type is TxLexer.ASSIGN) return Flat(StatementLayout.Of(tokens[..i]))?.Length + 1 ?? 0;
        }
        return 0;
    }

    private static string? Flat(Doc doc) => DocPrinter.Print(doc, 0, Unlimited) is [{ Comment: null } line] && !line.Code.Contains('\n') ? line.Code : null;

    private static string Inline(Gap gap) => string.Concat(gap.Comments.Select(c => c.Text + " "));

    private static string? Text(IReadOnlyList<Comment> comments) => comments.Count == 0 ? null : string.Join(' ', comments.Select(c => c.Text));
}
