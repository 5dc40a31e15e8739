using Tx.Core;

namespace Tx.Lang.Semantics;

/// <summary>"did you mean": the known name nearest to one that is not known.</summary>
public static class Spelling
{
    /// <summary>The candidate at the smallest edit distance, at most a third of the length; null where none is near. Ties: the first by ordinal order.</summary>
    public static string? Closest(string name, IEnumerable<string> candidates)
    {
        int limit = Math.Max(1, name.Length / 3);
        string? best = null;
        int bestDistance = limit + 1;
        foreach (string candidate in candidates)
        {
            if (Math.Abs(candidate.Length - name.Length) > limit || candidate == name) continue;
            int distance = string.Equals(candidate, name, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(name, candidate);
            if (distance >= Math.Max(name.Length, candidate.Length)) continue;
            if (distance < bestDistance || (distance == bestDistance && best is not null && string.CompareOrdinal(candidate, best) < 0))
                (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    /// <summary>An error about <paramref name="name"/> with the nearest candidate as its help and its fix.</summary>
    internal static Diagnostic Suggest(this Diagnostic diagnostic, SourceSpan span, string name, IEnumerable<string> candidates) =>
        Closest(name, candidates) is { } near ? diagnostic.WithHelp($"did you mean `{near}`?").WithFix(span, near) : diagnostic;

    /// <summary>Insertions, deletions, replacements and exchanges of neighbours that lead from one to the other.</summary>
    private static int Distance(string a, string b)
    {
        var (before, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (int j = 0; j <= b.Length; j++) last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }
}
