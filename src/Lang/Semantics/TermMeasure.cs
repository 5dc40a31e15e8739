using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>The size of a term as a tree, counted without recursion.</summary>
internal static class TermMeasure
{
    /// <summary>False where the term has more nodes or levels than given.</summary>
    public static bool IsWithin(Term term, int nodes, int levels)
    {
        var work = new Stack<(Term Term, int Level)>();
        work.Push((term, 1));
        while (work.TryPop(out var item))
        {
            if (--nodes < 0 || item.Level > levels) return false;
            foreach (var child in Terms.Parts(item.Term)) work.Push((child, item.Level + 1));
        }
        return true;
    }

    /// <summary>True where a part of the term, ranges left aside, reads a tensor.</summary>
    public static bool ReadsData(Term term)
    {
        var work = new Stack<Term>([term]);
        while (work.TryPop(out var t))
        {
            if (t is ReadTerm) return true;
            foreach (var child in Terms.Parts(t)) work.Push(child);
        }
        return false;
    }

    /// <summary>True where a part of the term is a reduction.</summary>
    public static bool Reduces(Term term)
    {
        var work = new Stack<Term>([term]);
        while (work.TryPop(out var t))
        {
            if (t is ReduceTerm) return true;
            foreach (var child in Terms.Parts(t)) work.Push(child);
        }
        return false;
    }

    /// <summary>True where a part of the term is a reduction.</summary>
    public static bool HasReduction(Term term)
    {
        var work = new Stack<Term>([term]);
        while (work.TryPop(out var t))
        {
            if (t is ReduceTerm) return true;
            foreach (var child in Terms.Parts(t)) work.Push(child);
        }
        return false;
    }
}
