using System.Collections.Immutable;
using Tx.Lang.Generated;

namespace Tx.Lang.Formatting;

/// <summary>The tokens of one statement, or of what stands before a block, as a document. Where it is too long it is broken after commas and operators, the
/// outermost first; the results and the clauses of a header get lines of their own.</summary>
internal sealed class StatementLayout
{
    private static readonly BreakDoc s_space = new(true), s_nothing = new(false);
    private static readonly LineEndDoc s_lineEnd = new();
    private readonly IReadOnlyList<LayoutToken> _tokens;
    private readonly int[] _partner;

    private StatementLayout(IReadOnlyList<LayoutToken> tokens)
    {
        _tokens = tokens;
        _partner = new int[tokens.Count];
        var open = new Stack<int>();
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].IsOpening) open.Push(i);
            else if (tokens[i].IsClosing && open.TryPop(out int at)) (_partner[at], _partner[i]) = (i, at);
        }
    }

    /// <summary>Comments before the first token are the caller's.</summary>
    public static Doc Of(IReadOnlyList<LayoutToken> tokens) => new GroupDoc(new StatementLayout(tokens).Sequence(0, tokens.Count, isBracketed: false));

    /// <summary>A declaration up to its body: where it does not fit into a line it is broken before its results and clauses, and the brace has a line of its own.</summary>
    public static Doc Header(IReadOnlyList<LayoutToken> tokens, Doc brace)
    {
        var layout = new StatementLayout(tokens);
        var starts = new List<int> { 0 };
        for (int i = 1; i < tokens.Count; i++)
        {
            if (tokens[i].IsOpening) i = layout._partner[i];
            else if (tokens[i].Type is TxLexer.ARROW or TxLexer.FOR or TxLexer.ON or TxLexer.WHEN or TxLexer.EXTENDS or TxLexer.REQUIRE) starts.Add(i);
        }
        starts.Add(tokens.Count);
        if (starts.Count == 2) return Concat(new GroupDoc(layout.Sequence(0, tokens.Count, isBracketed: false)), new TextDoc(" "), brace);
        var parts = ImmutableArray.CreateBuilder<Doc>();
        for (int i = 0; i + 1 < starts.Count; i++)
        {
            Doc content = new GroupDoc(layout.Sequence(starts[i], starts[i + 1], isBracketed: false));
            if (i > 0) parts.Add(new IndentDoc(s_space));
            parts.Add(i > 0 ? new IndentDoc(Concat(layout.Comments(starts[i]), content)) : content);
        }
        return new GroupDoc(Concat(new FillDoc(parts.ToImmutable()), s_space, brace));
    }

    // ---- levels: the colon of a reduction, commas, conditionals, operators from loose to tight -------------------------------

    /// <summary>What stands in brackets. Of a reduction what is before the colon, and its body.</summary>
    private Doc Inside(int start, int end)
    {
        int colon = -1;
        for (int i = start; i < end; i++)
        {
            if (_tokens[i].IsOpening) i = _partner[i];
            else if (_tokens[i].Type is TxLexer.COMMA && colon >= 0) return Sequence(start, end, isBracketed: true);
            else if (_tokens[i].Type is TxLexer.COLON && _tokens[i].Role is TokenRole.Plain) colon = i;
        }
        if (colon <= start || colon + 1 >= end) return Sequence(start, end, isBracketed: true);
        var binders = Concat(Sequence(start, colon, isBracketed: true), Between(colon), new TextDoc(_tokens[colon].Text));
        return new FillDoc([new GroupDoc(binders), s_space, Concat(Comments(colon + 1), new GroupDoc(Sequence(colon + 1, end, isBracketed: true)))]);
    }

    private Doc Sequence(int start, int end, bool isBracketed) =>
        Split(start, end, i => _tokens[i].Type is TxLexer.COMMA, after: true, indents: !isBracketed, Conditional);

    private Doc Conditional(int start, int end) =>
        Split(start, end, i => _tokens[i].Type is TxLexer.Q || _tokens[i].Role is TokenRole.Otherwise, after: false, indents: true, (a, b) => Operators(a, b, 1));

    private Doc Operators(int start, int end, int level)
    {
        while (level <= LayoutToken.MaxPrecedence && !Any(start, end, level)) level++;
        return level > LayoutToken.MaxPrecedence ? Tight(start, end)
            : Split(start, end, i => _tokens[i].Precedence == level, after: true, indents: true, (a, b) => Operators(a, b, level + 1));
    }

    private bool Any(int start, int end, int level)
    {
        for (int i = start; i < end; i++)
        {
            if (_tokens[i].IsOpening) i = _partner[i];
            else if (_tokens[i].Precedence == level) return true;
        }
        return false;
    }

    /// <summary>May break after, or before, each token that <paramref name="isBreak"/> names outside of brackets.</summary>
    private Doc Split(int start, int end, Func<int, bool> isBreak, bool after, bool indents, Func<int, int, Doc> next)
    {
        var parts = ImmutableArray.CreateBuilder<Doc>();
        int from = start;
        for (int i = start; i < end; i++)
        {
            if (_tokens[i].IsOpening) i = _partner[i];
            else if (isBreak(i) && (after ? i + 1 : i) is var to && to > from && to < end)
            {
                Add(from, to);
                from = to;
            }
        }
        if (from == start) return next(start, end);
        Add(from, end);
        return new FillDoc(parts.ToImmutable());

        void Add(int a, int b)
        {
            Doc content = new GroupDoc(after && b < end ? Concat(next(a, b - 1), Between(b - 1), new TextDoc(_tokens[b - 1].Text))
                : !after && a > start ? Concat(new TextDoc(_tokens[a].Text), Between(a + 1), next(a + 1, b)) : next(a, b));
            if (a == start)
            {
                parts.Add(content);
                return;
            }
            Doc separator = LayoutToken.SpaceBetween(_tokens[a - 1], _tokens[a]) ? s_space : s_nothing;
            if (_tokens[a].Before.HasComments) content = Concat(Comments(a), content);
            parts.Add(indents ? new IndentDoc(separator) : separator);
            parts.Add(indents ? new IndentDoc(content) : content);
        }
    }

    /// <summary>Tokens that are only broken inside of brackets.</summary>
    private ConcatDoc Tight(int start, int end)
    {
        var parts = ImmutableArray.CreateBuilder<Doc>();
        for (int i = start; i < end; i++)
        {
            if (i > start) parts.Add(Between(i));
            parts.Add(new TextDoc(_tokens[i].Text));
            if (!_tokens[i].IsOpening) continue;
            int close = _partner[i];
            var closing = new TextDoc(_tokens[close].Text);
            parts.Add(close == i + 1 ? Concat(Comments(close), closing)
                : new GroupDoc(Concat(new IndentDoc(Concat(s_nothing, Comments(i + 1), Inside(i + 1, close), Comments(close))), s_nothing, closing)));
            i = close;
        }
        return new(parts.ToImmutable());
    }

    /// <summary>What stands between a token and the one before, where the line is not broken by choice.</summary>
    private Doc Between(int index)
    {
        Doc space = LayoutToken.SpaceBetween(_tokens[index - 1], _tokens[index]) ? new TextDoc(" ") : s_empty;
        return _tokens[index].Before.HasComments ? Concat(space, Comments(index)) : space;
    }

    /// <summary>The comments before a token.</summary>
    private Doc Comments(int index) => OfGap(_tokens[index].Before);

    /// <summary>Comments inside a statement: each stays in the line of the token before it, or has its own.</summary>
    public static Doc OfGap(Gap gap)
    {
        if (!gap.HasComments) return s_empty;
        var parts = ImmutableArray.CreateBuilder<Doc>();
        for (int i = 0; i < gap.Comments.Count; i++)
        {
            var c = gap.Comments[i];
            int after = i + 1 < gap.Comments.Count ? gap.Comments[i + 1].LinesBefore : gap.LinesAfter;
            bool isLast = after > 0 || c.EndsLine;
            if (c.LinesBefore > 0) parts.Add(s_lineEnd);
            parts.Add(c.LinesBefore == 0 && isLast ? new TrailingDoc(c.Text) : new TextDoc(c.Text));
            parts.Add(isLast ? s_lineEnd : new TextDoc(" "));
        }
        return new ConcatDoc(parts.ToImmutable());
    }

    private static readonly ConcatDoc s_empty = new([]);

    private static ConcatDoc Concat(params ReadOnlySpan<Doc> parts) => new([.. parts]);
}
