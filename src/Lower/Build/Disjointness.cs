using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>Which indices of an update give different elements for different values, whatever the other indices are.</summary>
internal static class Disjointness
{
    /// <summary><see cref="IterKind.Spatial"/> for an index that is the only one in a subscript on the left, with a factor; any other is
    /// <see cref="IterKind.Opaque"/>: two of its values may meet in one element, so they keep their order.</summary>
    public static Func<IndexSymbol, IterKind> KindsOf(Equation update)
    {
        var tensor = update.Targets[0].Tensor;
        // What reads the tensor that it changes sees the points before it.
        bool readsItself = update.Targets[0].Indices.Append(update.Value).SelectMany(TermTree.SelfAndDescendants).Any(t => t is ReadTerm r && r.Tensor == tensor);
        var alone = readsItself ? [] : update.Targets[0].Indices.Select(Alone).OfType<IndexSymbol>().ToHashSet();
        return index => alone.Contains(index) ? IterKind.Spatial : IterKind.Opaque;
    }

    private static IndexSymbol? Alone(Term subscript)
    {
        IndexSymbol? found = null;
        foreach (var (atom, _) in AffineForm.Of(subscript).Terms)
        {
            if (atom is DimAtom) continue;
            if (found is not null || atom is not IndexAtom index) return null;
            found = index.Index;
        }
        return found;
    }
}
