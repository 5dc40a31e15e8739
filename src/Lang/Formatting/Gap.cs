namespace Tx.Lang.Formatting;

/// <summary>A comment as written, with its line ends as LF and no space after it.</summary>
/// <param name="LinesBefore">How many line ends stand between it and what is before it; 2 stands for more.</param>
internal sealed record Comment(string Text, int LinesBefore)
{
    public bool IsLine => Text.StartsWith("//", StringComparison.Ordinal);
    /// <summary>True where the line cannot go on after it, or it is itself longer than a line.</summary>
    public bool EndsLine => IsLine || Text.Contains('\n');
}

/// <summary>What stands between two tokens: comments, and line ends.</summary>
/// <param name="LinesAfter">How many line ends follow the last comment; 2 stands for more.</param>
internal sealed record Gap(IReadOnlyList<Comment> Comments, int LinesAfter)
{
    public static Gap Empty { get; } = new([], 0);

    public bool HasComments => Comments.Count > 0;
    public bool HasLineEnd => LinesAfter > 0 || Comments.Any(c => c.LinesBefore > 0 || c.IsLine);

    /// <summary>Reads a stretch of text that holds nothing but blanks, comments and separators that separate nothing.</summary>
    public static Gap Read(ReadOnlySpan<char> text)
    {
        List<Comment>? comments = null;
        int lines = 0;
        for (int i = 0; i < text.Length;)
        {
            if (text[i] == '/' && i + 1 < text.Length && text[i + 1] is '/' or '*')
            {
                int end = text[i + 1] == '/' ? EndOfLine(text, i) : EndOfBlock(text, i);
                (comments ??= []).Add(new(text[i..end].TrimEnd().ToString().Replace("\r\n", "\n", StringComparison.Ordinal), lines));
                lines = 0;
                i = end;
                continue;
            }
            if (text[i] == '\n') lines = Math.Min(2, lines + 1);
            i++;
        }
        return comments is null && lines == 0 ? Empty : new(comments ?? [], lines);
    }

    /// <summary>The comments that stand in the line of the token before, and what is left of the gap.</summary>
    public (IReadOnlyList<Comment> Trailing, Gap Remaining) SplitTrailing()
    {
        int count = 0;
        while (count < Comments.Count && Comments[count].LinesBefore == 0) count++;
        return count == 0 ? ([], this) : ([.. Comments.Take(count)], new([.. Comments.Skip(count)], LinesAfter));
    }

    private static int EndOfLine(ReadOnlySpan<char> text, int start)
    {
        int length = text[start..].IndexOf('\n');
        return length < 0 ? text.Length : start + length;
    }

    private static int EndOfBlock(ReadOnlySpan<char> text, int start)
    {
        int depth = 0;
        for (int i = start; i < text.Length; i++)
        {
            if (text[i] == '/' && i + 1 < text.Length && text[i + 1] == '*') (depth, i) = (depth + 1, i + 1);
            else if (text[i] == '*' && i + 1 < text.Length && text[i + 1] == '/') (depth, i) = (depth - 1, i + 1);
            if (depth == 0) return i + 1;
        }
        return text.Length;
    }
}
