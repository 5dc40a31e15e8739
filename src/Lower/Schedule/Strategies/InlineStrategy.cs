using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>Fuses elementwise stages into the one stage that reads them, where no element is then computed twice; and stages that only move data into
/// every stage that reads them.</summary>
internal static class InlineStrategy
{
    /// <summary>Operations of a fused stage; beyond it a chain is cut, so that code size and the cost of lowering stay linear.</summary>
    private const int MaxOperations = 128;

    public static LoopFunction Apply(LoopFunction f)
    {
        var nests = f.Body is Block b ? b.Statements : [f.Body];
        var readers = CountReaders(nests);
        var producers = new Dictionary<Buffer, Instance>(ReferenceEqualityComparer.Instance);
        var result = new Stmt?[nests.Length];
        var home = new Dictionary<Buffer, int>(ReferenceEqualityComparer.Instance);
        var pinned = new HashSet<Buffer>(ReferenceEqualityComparer.Instance);
        for (int n = 0; n < nests.Length; n++)
        {
            var nest = nests[n];
            if (NestPath.SoleInstance(nest) is not { } consumer) { result[n] = nest; Pin(nest, pinned); continue; }
            foreach (var group in InstanceFacts.Of(consumer).Loads.GroupBy(l => l.Buffer, ReferenceEqualityComparer.Instance as IEqualityComparer<Buffer>).ToList())
            {
                if (!producers.TryGetValue(group.Key, out var producer)) continue;
                if (MayInline(producer, consumer, [.. group], readers[group.Key]))
                {
                    nest = Inline.Apply(nest, consumer.Name, producer);
                    consumer = NestPath.FindInstance(nest, consumer.Name);
                }
                else pinned.Add(group.Key);
            }
            result[n] = nest;
            if (Inline.IsPure(consumer) && consumer.Body is Store { Buffer.Role: BufferRole.Temporary } s)
            {
                producers[s.Buffer] = consumer;
                home[s.Buffer] = n;
            }
        }
        foreach (var buffer in producers.Keys)
            if (!pinned.Contains(buffer)) result[home[buffer]] = null;
        var gone = producers.Keys.Where(k => !pinned.Contains(k)).ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        return gone.Count == 0 && result.Zip(nests).All(p => ReferenceEquals(p.First, p.Second)) ? f
            : f.With(Block.Of(result.OfType<Stmt>()), [.. f.Temporaries.Where(t => !gone.Contains(t))]);
    }

    private static bool MayInline(Instance producer, Instance consumer, List<Load> reads, int readers)
    {
        var facts = InstanceFacts.Of(producer);
        bool onlyMoves = producer.Body is Store { Value: Load or IntImm or FloatImm };
        if (onlyMoves) return true;
        if (readers != 1 || facts.Operations + InstanceFacts.Of(consumer).Operations > MaxOperations) return false;
        // One index for all reads, and one element for each point of the consumer.
        var first = reads[0].Indices;
        if (!reads.All(r => r.Indices.SequenceEqual(first, StructuralComparer.Instance))) return false;
        var used = first.OfType<Var>().ToHashSet();
        return used.Count == first.Length && consumer.Iterations.All(it => used.Contains(it.Variable));
    }

    private static Dictionary<Buffer, int> CountReaders(ImmutableArray<Stmt> nests)
    {
        var count = new Dictionary<Buffer, int>(ReferenceEqualityComparer.Instance);
        foreach (var nest in nests)
            foreach (var b in Analysis.Uses.BuffersRead(nest))
                count[b] = count.GetValueOrDefault(b) + 1;
        return count;
    }

    private static void Pin(Stmt nest, HashSet<Buffer> pinned) => pinned.UnionWith(Analysis.Uses.BuffersRead(nest));
}
