using Tx.Core;

namespace Tx.Lang.Dependences;

/// <summary>Groups items that need each other, and orders the groups.</summary>
internal static class Components
{
    /// <summary>The strongly connected components of a graph, each after those that it needs; of those that could come next, the one whose
    /// first item comes first. Without recursion: chains of thousands are common.</summary>
    /// <param name="needs">What an item needs; others than <paramref name="items"/> do not count.</param>
    public static List<List<T>> Sort<T>(IReadOnlyList<T> items, Func<T, IEnumerable<T>> needs) where T : class
    {
        var place = new Dictionary<T, int>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < items.Count; i++) place.Add(items[i], i);
        int[][] edges = [.. items.Select(i => needs(i).Where(place.ContainsKey).Select(n => place[n]).Distinct().ToArray())];
        int[] component = Number(edges);

        var members = new Dictionary<int, List<int>>();
        for (int i = 0; i < edges.Length; i++)
        {
            if (!members.TryGetValue(component[i], out var list)) members.Add(component[i], list = []);
            list.Add(i);
        }
        var waiting = new Dictionary<int, int>();
        var users = new Dictionary<int, HashSet<int>>();
        foreach (var (c, list) in members)
        {
            var needed = list.SelectMany(i => edges[i]).Select(n => component[n]).Where(n => n != c).ToHashSet();
            waiting[c] = needed.Count;
            foreach (int n in needed)
            {
                if (!users.TryGetValue(n, out var set)) users.Add(n, set = []);
                set.Add(c);
            }
        }
        var ready = new PriorityQueue<int, int>();
        foreach (var (c, count) in waiting)
            if (count == 0) ready.Enqueue(c, members[c][0]);
        var sorted = new List<List<T>>();
        while (ready.TryDequeue(out int c, out _))
        {
            sorted.Add([.. members[c].Select(i => items[i])]);
            foreach (int user in users.GetValueOrDefault(c) ?? [])
                if (--waiting[user] == 0) ready.Enqueue(user, members[user][0]);
        }
        if (sorted.Count != members.Count) throw new CompilerBugException("evaluation order", "components form a cycle");
        return sorted;
    }

    // Tarjan's algorithm with a stack of its own.
    private static int[] Number(int[][] edges)
    {
        int n = edges.Length, next = 0, components = 0;
        int[] index = new int[n], low = new int[n], component = new int[n];
        Array.Fill(index, -1);
        Array.Fill(component, -1);
        var open = new Stack<int>();
        var work = new Stack<(int Node, int Edge)>();
        for (int root = 0; root < n; root++)
        {
            if (index[root] >= 0) continue;
            work.Push((root, 0));
            while (work.TryPop(out var at))
            {
                var (node, edge) = at;
                if (edge == 0)
                {
                    index[node] = low[node] = next++;
                    open.Push(node);
                }
                else low[node] = Math.Min(low[node], low[edges[node][edge - 1]]);
                bool descends = false;
                for (; edge < edges[node].Length; edge++)
                {
                    int to = edges[node][edge];
                    if (index[to] < 0)
                    {
                        work.Push((node, edge + 1));
                        work.Push((to, 0));
                        descends = true;
                        break;
                    }
                    if (component[to] < 0) low[node] = Math.Min(low[node], index[to]);
                }
                if (descends || low[node] != index[node]) continue;
                int member;
                do
                {
                    member = open.Pop();
                    component[member] = components;
                }
                while (member != node);
                components++;
            }
        }
        return component;
    }
}
