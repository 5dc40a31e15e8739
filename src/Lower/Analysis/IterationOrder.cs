using System.Collections.Immutable;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>The order of an instance's iterations.</summary>
internal static class IterationOrder
{
    /// <summary>The iterations in their order, but for ranges, which come after what they use.</summary>
    public static ImmutableArray<IterVar> Sorted(ImmutableArray<IterVar> iterations)
    {
        var left = iterations.ToList();
        var open = iterations.Select(it => it.Variable).ToHashSet();
        var sorted = ImmutableArray.CreateBuilder<IterVar>(iterations.Length);
        while (left.Count > 0)
        {
            var next = left.Find(it => !it.Start.UsesAny(open.Contains) && !it.End.UsesAny(open.Contains)) ?? left[0];
            left.Remove(next);
            open.Remove(next.Variable);
            sorted.Add(next);
        }
        return sorted.MoveToImmutable();
    }
}
