using System.Collections.Immutable;

namespace Tx.Lower.Analysis;

/// <summary>What needs space from one step to another, both included.</summary>
internal readonly record struct PlacedItem(long Bytes, int First, int Last)
{
    public bool Meets(PlacedItem other) => First <= other.Last && other.First <= Last;
}

/// <summary>Places items with lives in one piece of memory, such that those that live at the same time do not overlap, and the piece is small: several orders are tried, each item
/// at the lowest gap among those placed before it that it meets, and the smallest result is taken. The lower bound is the largest live set, at which the search ends.</summary>
/// <remarks>Greedy by size: Pisarchyk and Lee, Efficient memory management for deep neural net inference, 2020.</remarks>
internal static class OffsetPlan
{
    // Above it, orders cost more than they save: the first, whose time is that of the live items, is all that is tried.
    private const int MaxItems = 300, MaxExchanged = 64, Exchanges = 400;

    /// <summary>An offset for each item, and the end of the last.</summary>
    public static (long[] Offsets, long End) Of(ImmutableArray<PlacedItem> items)
    {
        long bound = LargestLiveSet(items);
        int[] all = [.. Enumerable.Range(0, items.Length).Where(n => items[n].Bytes > 0)];
        var best = Place(items, [.. all.OrderBy(n => items[n].First).ThenByDescending(n => items[n].Bytes)], inTime: true);
        if (all.Length > MaxItems) return best;
        int[] order = [];
        foreach (int[] tried in (int[][])[
            [.. all.OrderByDescending(n => items[n].Bytes).ThenBy(n => items[n].First)],
            [.. all.OrderByDescending(n => items[n].Last - items[n].First).ThenByDescending(n => items[n].Bytes)],
            [.. all.OrderByDescending(n => (Int128)items[n].Bytes * (items[n].Last - items[n].First + 1)).ThenBy(n => items[n].First)],
            [.. all.OrderByDescending(n => items[n].Last).ThenByDescending(n => items[n].Bytes)]])
        {
            if (best.End <= bound) return best;
            var found = Place(items, tried);
            if (order.Length == 0) order = tried;
            if (found.End < best.End) (best, order) = (found, tried);
        }
        return all.Length > MaxExchanged ? best : Improve(items, order, best, bound);
    }

    /// <summary>Bytes that live at one step, at most.</summary>
    public static long LargestLiveSet(ImmutableArray<PlacedItem> items)
    {
        var changes = new SortedDictionary<int, Int128>();
        foreach (var item in items)
        {
            changes[item.First] = changes.GetValueOrDefault(item.First) + item.Bytes;
            changes[item.Last + 1] = changes.GetValueOrDefault(item.Last + 1) - item.Bytes;
        }
        Int128 live = 0, largest = 0;
        foreach (var change in changes.Values) largest = Int128.Max(largest, live += change);
        return (long)Int128.Min(largest, long.MaxValue);
    }

    // Items that end at the top come earlier, one after another, as long as that helps.
    private static (long[], long) Improve(ImmutableArray<PlacedItem> items, int[] order, (long[] Offsets, long End) best, long bound)
    {
        var current = (int[])order.Clone();
        var at = Place(items, current);
        for (int n = 0; n < Exchanges && best.End > bound && current.Length > 1; n++)
        {
            int top = Array.FindIndex(current, i => at.Offsets[i] + items[i].Bytes == at.End);
            if (top <= 0) break;
            // A fixed walk: the same items always give the same plan.
            int to = (int)((uint)(n * 7919) % (uint)top);
            int moved = current[top];
            Array.Copy(current, to, current, to + 1, top - to);
            current[to] = moved;
            at = Place(items, current);
            if (at.End < best.End) best = at;
        }
        return best;
    }

    /// <param name="inTime">By the beginnings of lives: what has ended meets nothing that comes.</param>
    private static (long[] Offsets, long End) Place(ImmutableArray<PlacedItem> items, int[] order, bool inTime = false)
    {
        long[] offsets = new long[items.Length];
        long end = 0;
        var placed = new List<int>();
        foreach (int n in order)
        {
            if (inTime) placed.RemoveAll(p => items[p].Last < items[n].First);
            long at = 0;
            // By offset: the first gap that is large enough.
            foreach (int other in placed)
            {
                if (!items[other].Meets(items[n])) continue;
                if (offsets[other] - at >= items[n].Bytes) break;
                at = Math.Max(at, offsets[other] + items[other].Bytes);
            }
            offsets[n] = at;
            end = Math.Max(end, at + items[n].Bytes);
            int place = placed.FindIndex(p => offsets[p] > at);
            placed.Insert(place < 0 ? placed.Count : place, n);
        }
        return (offsets, end);
    }
}
