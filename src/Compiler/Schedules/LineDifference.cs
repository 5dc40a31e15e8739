using System.Collections.Immutable;

namespace Tx;

/// <summary>How one text became another, line by line.</summary>
public enum LineChange { Same, Added, Removed }

/// <summary>The lines of two texts side by side, by their longest common subsequence.</summary>
public static class LineDifference
{
    /// <summary>Texts of more lines than this are shown as a whole: the table would be too large.</summary>
    private const int MaxLines = 2000;

    public static ImmutableArray<(LineChange Change, string Line)> Of(string before, string after)
    {
        string[] a = Lines(before), b = Lines(after);
        int head = 0, tail = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head]) head++;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)]) tail++;
        var result = ImmutableArray.CreateBuilder<(LineChange, string)>();
        for (int i = 0; i < head; i++) result.Add((LineChange.Same, a[i]));
        Middle(a.AsSpan(head, a.Length - head - tail), b.AsSpan(head, b.Length - head - tail), result);
        for (int i = b.Length - tail; i < b.Length; i++) result.Add((LineChange.Same, b[i]));
        return result.ToImmutable();
    }

    private static string[] Lines(string text) => text.TrimEnd('\n').Split('\n');

    private static void Middle(ReadOnlySpan<string> a, ReadOnlySpan<string> b, ImmutableArray<(LineChange, string)>.Builder result)
    {
        if (a.Length > MaxLines || b.Length > MaxLines)
        {
            foreach (string line in a) result.Add((LineChange.Removed, line));
            foreach (string line in b) result.Add((LineChange.Added, line));
            return;
        }
        // length[i, j]: of the longest common subsequence of what is left from i and j on.
        var length = new int[a.Length + 1, b.Length + 1];
        for (int i = a.Length - 1; i >= 0; i--)
            for (int j = b.Length - 1; j >= 0; j--)
                length[i, j] = a[i] == b[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                result.Add((LineChange.Same, a[i]));
                (i, j) = (i + 1, j + 1);
            }
            else if (i < a.Length && (j == b.Length || length[i + 1, j] >= length[i, j + 1])) result.Add((LineChange.Removed, a[i++]));
            else result.Add((LineChange.Added, b[j++]));
    }
}
