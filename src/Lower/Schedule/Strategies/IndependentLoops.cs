using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>
/// <code>
/// for j { for i { Y[i, j] = Y[i, j - 1] + X[i, j] } }   →   for i { for j { Y[i, j] = Y[i, j - 1] + X[i, j] } }
/// </code>
/// Moves loops out of those that carry a recurrence where no point needs one of another iteration: they can run in parallel, and the carried loop
/// walks through memory. Where the loop inside already moves by single elements, it stays for vectors.
/// </summary>
internal static class IndependentLoops
{
    public static Stmt Apply(Stmt nest, Instance instance)
    {
        var loops = NestPath.LoopsAround(nest, instance.Name);
        var inner = NestPath.FreeLoops(instance, loops);
        var carried = loops[..^inner.Length];
        var facts = InstanceFacts.Of(instance);
        if (carried.IsEmpty || inner.IsEmpty || facts.Stores is not [{ } store]) return nest;
        if (instance.Iterations.Any(it => it.Kind is IterKind.Spatial && AccessStrides.Of(store.Indices, it.Variable) is AccessStride.Contiguous)) return nest;

        var own = facts.Loads.Where(l => ReferenceEquals(l.Buffer, store.Buffer)).ToList();
        var staying = carried.Select(l => l.Variable).ToHashSet();
        var moved = new List<Var>();
        foreach (var l in inner)
        {
            if (l.Min.UsesAny(staying.Contains) || l.Extent.UsesAny(staying.Contains) || !IsIndependent(instance, l.Variable, store, own)) staying.Add(l.Variable);
            else moved.Add(l.Variable);
        }
        return moved.Count == 0 ? nest : Reorder.Apply(nest, [.. moved, .. loops.Select(l => l.Variable).Where(staying.Contains)]);
    }

    // Some dimension of the element depends on this loop alone, and what is read of the same tensor has the same index there.
    private static bool IsIndependent(Instance instance, Var loop, Store store, List<Load> reads)
    {
        if (instance.Iterations.Where(it => it.Binding.UsesVar(loop)).ToList() is not [{ Kind: IterKind.Spatial, Binding: Var, Variable: var v }]) return false;
        return Enumerable.Range(0, store.Indices.Length).Any(d =>
            AccessStrides.Coefficient(store.Indices[d], v) is not (null or 0)
            && !store.Indices[d].UsesAny(other => !ReferenceEquals(other, v) && instance.Iterations.Any(it => ReferenceEquals(it.Variable, other)))
            && reads.TrueForAll(r => StructuralComparer.Equal(r.Indices[d], store.Indices[d])));
    }
}
