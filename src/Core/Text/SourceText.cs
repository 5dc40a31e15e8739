namespace Tx.Core;

/// <summary>A half-open range of UTF-16 positions in one source text.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;
    public static TextSpan FromBounds(int start, int end) => new(start, Math.Max(0, end - start));
}

/// <summary>A position for people: line and column count from 1; a column is a UTF-16 unit.</summary>
public readonly record struct LinePosition(int Line, int Column);

/// <summary>One text with a name: a file, a prompt's line or a notebook's cell.</summary>
public sealed class SourceText
{
    private readonly int[] _lineStarts;

    public SourceText(string path, string text)
    {
        (Path, Text) = (path, text);
        var starts = new List<int> { 0 };
        for (int i = 0; i < text.Length; i++)
            if (text[i] == '\n') starts.Add(i + 1);
        _lineStarts = [.. starts];
    }

    /// <summary>The path as the user gave it; <c>&lt;prompt&gt;</c> and the like where there is no file.</summary>
    public string Path { get; }
    public string Text { get; }
    public int LineCount => _lineStarts.Length;

    public LinePosition PositionAt(int offset)
    {
        offset = Math.Clamp(offset, 0, Text.Length);
        int line = Array.BinarySearch(_lineStarts, offset);
        if (line < 0) line = ~line - 1;
        return new(line + 1, offset - _lineStarts[line] + 1);
    }

    /// <summary>Where a line (from 1) begins.</summary>
    public int StartOfLine(int line) => _lineStarts[line - 1];

    /// <summary>The text of a line (from 1) without its end.</summary>
    public string LineAt(int line)
    {
        int start = _lineStarts[line - 1];
        int end = line < _lineStarts.Length ? _lineStarts[line] - 1 : Text.Length;
        return Text[start..end].TrimEnd('\r');
    }
}

/// <summary>A span together with the text it lies in.</summary>
public readonly record struct SourceSpan(SourceText Source, TextSpan Span)
{
    public LinePosition Start => Source.PositionAt(Span.Start);
    public LinePosition End => Source.PositionAt(Span.End);
    public string Text => Source.Text.Substring(Span.Start, Span.Length);

    /// <summary>The smallest span that holds both (of one source).</summary>
    public SourceSpan To(SourceSpan other) =>
        this with { Span = TextSpan.FromBounds(Math.Min(Span.Start, other.Span.Start), Math.Max(Span.End, other.Span.End)) };

    public override string ToString() => $"{Source.Path}:{Start.Line}:{Start.Column}";
}
