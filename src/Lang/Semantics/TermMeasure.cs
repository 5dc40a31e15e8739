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
            foreach (var child in Children(item.Term)) work.Push((child, item.Level + 1));
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
            foreach (var child in Children(t)) work.Push(child);
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
            foreach (var child in Children(t)) work.Push(child);
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
            foreach (var child in Children(t)) work.Push(child);
        }
        return false;
    }

    private static IEnumerable<Term> Children(Term term) => term switch
    {
        ReadTerm r => r.Default is { } d ? r.Indices.Append(d) : r.Indices,
        UnaryTerm u => [u.Operand],
        BinaryTerm b => [b.Left, b.Right],
        LogicalTerm l => [l.Left, l.Right],
        SelectTerm s => [s.Condition, s.Then, s.Else],
        CastTerm c => [c.Operand],
        IntrinsicTerm f => f.Arguments,
        ReduceTerm r => r.Condition is { } c ? [c, r.Body] : [r.Body],
        _ => [],
    };
}
