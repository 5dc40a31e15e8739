namespace Tx.Core;

/// <summary>"Did you mean": the known name that is nearest to a wrong one.</summary>
public static class Suggestion
{
    /// <summary>The nearest candidate by edit distance (a swap of neighbours counts one), or null where none is near: at most a third of the
    /// letters may differ, and one letter of a short name. Ties go to the first in ordinal order.</summary>
    public static string? For(string wrong, IEnumerable<string> candidates)
    {
        int limit = Math.Max(1, wrong.Length / 3);
        string? best = null;
        foreach (string name in candidates.Order(StringComparer.Ordinal))
        {
            if (name == wrong || Math.Abs(name.Length - wrong.Length) > limit) continue;
            int distance = string.Equals(name, wrong, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(wrong, name, limit);
            if (distance > limit || (distance == 1 && wrong.Length == 1)) continue;
            if (distance < limit || best is null) best = name;
            limit = Math.Min(limit, distance);
        }
        return best;
    }

    private static int Distance(string a, string b, int limit)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int rowBest = int.MaxValue;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                int best = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, d[i - 2, j - 2] + 1);
                d[i, j] = best;
                rowBest = Math.Min(rowBest, best);
            }
            if (rowBest > limit) return limit + 1;
        }
        return d[a.Length, b.Length];
    }
}
