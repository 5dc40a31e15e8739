using Tx.Lang.Program;

namespace Tx.Lower.Build;

/// <summary>Reads the tree of a term without recursion; a shared part is seen once.</summary>
internal static class TermTree
{
    public static IEnumerable<Term> SelfAndDescendants(this Term term)
    {
        var seen = new HashSet<Term>(ReferenceEqualityComparer.Instance) { term };
        var open = new Stack<Term>([term]);
        while (open.TryPop(out var t))
        {
            yield return t;
            foreach (var child in Terms.Children(t).Reverse())
                if (seen.Add(child)) open.Push(child);
        }
    }

    /// <summary>Indices that <paramref name="terms"/> use and do not bind, and those that the ranges of these use.</summary>
    public static HashSet<IndexSymbol> FreeIndices(IEnumerable<Term> terms)
    {
        var free = new HashSet<IndexSymbol>();
        var bound = new HashSet<IndexSymbol>();
        var open = new Stack<Term>(terms);
        while (open.TryPop(out var root))
            foreach (var t in root.SelfAndDescendants())
                if (t is ReduceTerm r) bound.UnionWith(r.Indices);
                else if (t is IndexTerm i && free.Add(i.Index))
                {
                    open.Push(i.Index.Start);
                    open.Push(i.Index.End);
                }
        free.ExceptWith(bound);
        return free;
    }
}
