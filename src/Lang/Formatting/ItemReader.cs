using Tx.Core;
using Tx.Lang.Generated;
using Tx.Lang.Syntax;

namespace Tx.Lang.Formatting;

/// <summary>Groups the tokens of an error-free text into items and blocks, each comment with the token that it belongs to.</summary>
internal sealed class ItemReader
{
    private readonly string _text;
    private readonly List<SourceToken> _tokens;
    private readonly TokenRole[] _roles;
    private int _at;
    private int _end;
    private int _depth;

    private ItemReader(string text, List<SourceToken> tokens)
    {
        (_text, _tokens) = (text, tokens);
        _roles = TokenRoles.Of([.. tokens.Select(t => t.Type)]);
    }

    /// <summary>The items of a file, and the comments after the last.</summary>
    public static BlockPiece Read(SourceText source, List<SourceToken> filtered)
    {
        var reader = new ItemReader(source.Text, filtered);
        var file = new BlockPiece { Before = Gap.Empty };
        reader.Items(file, isFile: true);
        return file;
    }

    private int Type => _tokens[_at].Type;

    /// <summary>The gap before the next token, which it passes over. What ends a statement is part of the gap before the next.</summary>
    private Gap Next(out SourceToken token)
    {
        token = _tokens[_at++];
        if (token.Type is TxLexer.NL || (token.Type is TxLexer.SEMI && _depth == 0)) return Gap.Empty;
        var gap = Gap.Read(_text.AsSpan(_end, Math.Max(0, token.StartIndex - _end)));
        _end = token.Type is Antlr4.Runtime.TokenConstants.EOF ? _text.Length : token.StopIndex + 1;
        return gap;
    }

    /// <summary>Items up to a closing brace or the end of the file, which it leaves to the caller.</summary>
    private void Items(BlockPiece block, bool isFile)
    {
        var last = default(Item);
        while (true)
        {
            bool isJoined = last is not null && Type is TxLexer.SEMI;
            while (Type is TxLexer.NL or TxLexer.SEMI) Next(out _);
            var gap = Peek();
            bool isSameLine = !gap.HasLineEnd && Type is not TxLexer.RC and not Antlr4.Runtime.TokenConstants.EOF;
            if (isSameLine && (last is null || isJoined))
            {
                if (last is not null) last.IsJoined = true;
            }
            else if (last is not null)
            {
                (last.Trailing, gap) = gap.SplitTrailing();
            }
            else if (!isFile)
            {
                (block.Trailing, gap) = gap.SplitTrailing();
            }
            if (Type is TxLexer.RC or Antlr4.Runtime.TokenConstants.EOF)
            {
                block.End = gap;
                return;
            }
            last = ReadItem(gap);
            block.Items.Add(last);
        }
    }

    private Gap Peek()
    {
        var (at, end) = (_at, _end);
        var gap = Next(out _);
        (_at, _end) = (at, end);
        return gap;
    }

    private Item ReadItem(Gap before)
    {
        var item = new Item { Before = before };
        List<LayoutToken>? run = null;
        for (bool isFirst = true; Type is not Antlr4.Runtime.TokenConstants.EOF && !(_depth == 0 && Type is (TxLexer.NL or TxLexer.RC or TxLexer.SEMI)); isFirst = false)
        {
            int index = _at;
            var gap = Next(out var token);
            if (token.Type is TxLexer.LC)
            {
                run = null;
                var block = new BlockPiece { Before = isFirst ? Gap.Empty : gap };
                Items(block, isFile: false);
                // The brace that closes it.
                Next(out _);
                item.Pieces.Add(block);
                continue;
            }
            if (run is null) item.Pieces.Add(new TokenPiece(run = []));
            _depth += token.Type is TxLexer.LP or TxLexer.LB ? 1 : token.Type is TxLexer.RP or TxLexer.RB ? -1 : 0;
            run.Add(new(token.Type, _text[token.StartIndex..(token.StopIndex + 1)], _roles[index], isFirst ? Gap.Empty : gap));
        }
        return item;
    }
}
