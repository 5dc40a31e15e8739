using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// Storage in which an element has one value for as long as a loop runs: it is written by one plain definition, each element at one point of it, and from
/// what the loop leaves alone or what is settled as well. Iterations that are done twice write what is there already and read what they read the first time. A ring is
/// not settled: its places are those of several elements.
/// </summary>
internal static class SettledStorage
{
    /// <param name="inside">The variables of the loop and of those inside.</param>
    public static bool IsSettled(Buffer buffer, LoopPlace place, IReadOnlySet<Var> inside) => IsSettled(buffer, place, inside, []);

    private static bool IsSettled(Buffer buffer, LoopPlace place, IReadOnlySet<Var> inside, HashSet<Buffer> asked)
    {
        if (!asked.Add(buffer)) return false;
        var writers = place.Instances.Where(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer))).ToList();
        if (writers is not [{ Init: null, Body: Store store } writer] || writer.Iterations.Any(it => it.Kind is not IterKind.Spatial)) return false;
        // The element tells every iteration that differs while the loop runs.
        var open = writer.Iterations.Where(it => it.Binding.UsesAny(inside.Contains)).Select(it => it.Variable).ToHashSet();
        foreach (var index in store.Indices)
        {
            if (LinearForm.Of(index) is not { } form) return false;
            var own = form.Terms.Where(t => t.Key.UsesAny(open.Contains)).ToList();
            if (own is [{ Key: Var v }]) open.Remove(v);
        }
        if (open.Count > 0) return false;
        return writer.Reads.Select(r => r.Buffer).Distinct().All(b => !place.Instances.Any(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, b))) || IsSettled(b, place, inside, asked));
    }
}
