namespace Tx.Lang.Formatting;

/// <summary>Puts what stands in neighbouring lines below each other: the <c>=</c> of equations and bindings, and comments at the ends of lines.</summary>
internal static class LineAligner
{
    /// <summary>Left sides of one run differ by at most so much.</summary>
    public const int MaxAssignSpread = 12;
    /// <summary>Lines with comments in one run differ by at most so much.</summary>
    public const int MaxCommentSpread = 48;

    public static IEnumerable<LayoutLine> Align(IReadOnlyList<LayoutLine> lines)
    {
        var aligned = lines.ToArray();
        AlignRuns(aligned, l => l.AlignAt > 0 ? l.AlignAt : null, endsRun: l => l.AlignAt == 0, MaxAssignSpread, (l, column) =>
            l with { Code = l.Code[..(l.AlignAt - 1)] + new string(' ', column - l.AlignAt + 1) + l.Code[l.AlignAt..] });
        AlignRuns(aligned, l => l.Comment is null ? null : l.Code.Length, endsRun: l => l.IsBlank, MaxCommentSpread, (l, column) =>
            l with { Code = l.Code.PadRight(column) });
        return aligned;
    }

    /// <summary>A run consists of lines of one indentation; lines without a column are passed over unless they end the run.</summary>
    private static void AlignRuns(LayoutLine[] lines, Func<LayoutLine, int?> columnOf, Func<LayoutLine, bool> endsRun, int maxSpread, Func<LayoutLine, int, LayoutLine> align)
    {
        var run = new List<int>();
        int least = 0, most = 0;
        for (int i = 0; i <= lines.Length; i++)
        {
            int? column = i < lines.Length ? columnOf(lines[i]) : null;
            bool ends = i == lines.Length || endsRun(lines[i]) || (run.Count > 0 && lines[i].Indent != lines[run[0]].Indent);
            if (column is { } c && run.Count > 0 && Math.Max(most, c) - Math.Min(least, c) > maxSpread) ends = true;
            if (ends)
            {
                var changed = run.Select(line => align(lines[line], most)).ToList();
                if (!changed.Any(l => l.AlignAt > 0 && l.Indent + l.Code.Length > SourceFormatter.Width))
                    for (int k = 0; k < run.Count; k++) lines[run[k]] = changed[k];
                run.Clear();
            }
            if (column is not { } at) continue;
            (least, most) = run.Count == 0 ? (at, at) : (Math.Min(least, at), Math.Max(most, at));
            run.Add(i);
        }
    }
}
