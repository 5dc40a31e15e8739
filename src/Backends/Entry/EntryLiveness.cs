namespace Tx.Backends.Entry;

/// <summary>Leaves out what no later statement uses.</summary>
internal static class EntryLiveness
{
    /// <param name="roots">What is used behind the statements.</param>
    public static List<EntryStatement> Trim(IReadOnlyList<EntryStatement> statements, IEnumerable<EntryExpr> roots)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var r in roots) Use(r, used);
        return Trim(statements, used);
    }

    private static List<EntryStatement> Trim(IReadOnlyList<EntryStatement> statements, HashSet<string> used)
    {
        var kept = new List<EntryStatement>();
        for (int i = statements.Count - 1; i >= 0; i--)
            switch (statements[i])
            {
                case EntryLet l when used.Contains(l.Id):
                    Use(l.Value, used);
                    kept.Add(l);
                    break;
                case EntryCheckedLet c when used.Contains(c.Id) || used.Contains(c.OverflowId):
                    Use(c.Left, used);
                    Use(c.Right, used);
                    kept.Add(c);
                    break;
                case EntryFailIf f:
                    Use(f.Condition, used);
                    foreach (var v in f.Failure.Values) Use(v, used);
                    kept.Add(f);
                    break;
                case EntryWhen w:
                    var body = Trim(w.Body, used);
                    if (body.Count == 0) break;
                    Use(w.Condition, used);
                    kept.Add(w with { Body = [.. body] });
                    break;
            }
        kept.Reverse();
        return kept;
    }

    private static void Use(EntryExpr e, HashSet<string> used)
    {
        switch (e)
        {
            case EntryName n: used.Add(n.Id); break;
            case EntryOperation o:
                Use(o.Left, used);
                Use(o.Right, used);
                break;
            case EntryChoice c:
                Use(c.Condition, used);
                Use(c.Then, used);
                Use(c.Else, used);
                break;
            case EntryElement x: Use(x.Pointer, used); break;
            case EntryWide w: Use(w.Value, used); break;
        }
    }
}
