using System.Runtime.CompilerServices;
using Tx.Lang.Program;

namespace Tx.Lang.Reference;

/// <summary>Finds the terms that an equation uses more than once. Inlined operator calls share their arguments, so that an expression of n
/// nodes can stand for 2ⁿ operations; a shared term's value is kept for as long as no index changes.</summary>
internal sealed class SharedTerms
{
    // Below this height a term costs no more than keeping its value.
    private const int MinHeight = 4;

    private readonly Dictionary<Term, int> _heights = [];
    private readonly HashSet<Term> _shared = [];

    public bool Any => _shared.Count > 0;
    public bool Contains(Term term) => _shared.Contains(term);

    /// <summary>The number of levels; <see cref="int.MaxValue"/> where the stack does not suffice to count them.</summary>
    public int Add(Term term)
    {
        if (_heights.TryGetValue(term, out int known))
        {
            if (known >= MinHeight) _shared.Add(term);
            return known;
        }
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return int.MaxValue;
        int height = 0;
        foreach (var child in Terms.Children(term)) height = Math.Max(height, Add(child));
        height = height == int.MaxValue ? height : height + 1;
        _heights.Add(term, height);
        return height;
    }

    /// <summary>Every term below some, each once however often it is shared.</summary>
    public static IEnumerable<Term> Parts(IEnumerable<Term> roots)
    {
        var seen = new HashSet<Term>(ReferenceEqualityComparer.Instance);
        var work = new Stack<Term>(roots);
        while (work.TryPop(out var term))
        {
            if (!seen.Add(term)) continue;
            yield return term;
            foreach (var child in Terms.Children(term)) work.Push(child);
        }
    }
}
