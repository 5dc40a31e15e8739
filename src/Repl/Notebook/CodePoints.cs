namespace Tx.Repl.Notebook;

/// <summary>Positions in text: Jupyter counts code points, .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>The UTF-16 offset of a position; past the end, that of the end.</summary>
    public static int ToOffset(string text, int position)
    {
        int offset = 0;
        for (; position > 0 && offset < text.Length; position--) offset += IsPair(text, offset) ? 2 : 1;
        return offset;
    }

    /// <summary>The code points before a UTF-16 offset.</summary>
    public static int At(string text, int offset)
    {
        int count = 0;
        for (int i = 0; i < Math.Min(offset, text.Length); i += IsPair(text, i) ? 2 : 1) count++;
        return count;
    }

    private static bool IsPair(string text, int offset) => char.IsHighSurrogate(text[offset]) && offset + 1 < text.Length && char.IsLowSurrogate(text[offset + 1]);
}
