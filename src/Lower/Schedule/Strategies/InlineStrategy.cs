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

    // From the last nest to the first: when a stage's turn comes, all that read it have their final form, so a stage that was read by two
    // stages of one chain has one reader left.
    /// <param name="isKept">Names of instances that stay as they are; null: none has to.</param>
    public static LoopFunction Apply(LoopFunction f, Func<string, bool>? isKept = null)
    {
        var nests = f.Body is Block b ? b.Statements : [f.Body];
        Stmt?[] result = [.. nests];
        var readers = Users(nests, Analysis.Uses.BuffersRead);
        var writers = Users(nests, Analysis.Uses.BuffersWritten);
        var gone = new HashSet<Buffer>(ReferenceEqualityComparer.Instance);
        for (int n = nests.Length - 1; n >= 0; n--)
        {
            if (result[n] is not { } nest || NestPath.SoleInstance(nest) is not { } producer) continue;
            if (isKept?.Invoke(producer.Name) is true || !Inline.IsPure(producer) || producer.Body is not Store { Buffer: { Role: BufferRole.Temporary } buffer }) continue;
            // An update changes what the definition says.
            if (writers[buffer].Count > 1) continue;
            if (!readers.TryGetValue(buffer, out var users) || !MayInline(producer, buffer, [.. users.Select(r => NestPath.SoleInstance(result[r]!) is { } user && isKept?.Invoke(user.Name) is not true ? user : null)])) continue;
            foreach (int r in users) result[r] = Inline.Apply(result[r]!, NestPath.SoleInstance(result[r]!)!.Name, producer);
            foreach (var source in Analysis.Uses.BuffersRead(nest))
            {
                readers[source].Remove(n);
                readers[source].UnionWith(users);
            }
            result[n] = null;
            gone.Add(buffer);
        }
        return gone.Count == 0 ? f : f.With(Block.Of(result.OfType<Stmt>()), [.. f.Temporaries.Where(t => !gone.Contains(t))]);
    }

    private static bool MayInline(Instance producer, Buffer buffer, ImmutableArray<Instance?> consumers)
    {
        if (consumers.Any(c => c is null)) return false;
        if (producer.Body is Store { Value: Load or IntImm or FloatImm }) return true;
        if (consumers is not [{ } consumer] || InstanceFacts.Of(producer).Operations + InstanceFacts.Of(consumer).Operations > MaxOperations) return false;
        // One index for all reads, and one element for each point of the consumer.
        var reads = InstanceFacts.Of(consumer).Loads.Where(l => ReferenceEquals(l.Buffer, buffer)).ToList();
        var first = reads[0].Indices;
        if (!reads.TrueForAll(r => r.Indices.SequenceEqual(first, StructuralComparer.Instance))) return false;
        var used = first.OfType<Var>().ToHashSet();
        return used.Count == first.Length && consumer.Iterations.All(it => used.Contains(it.Variable));
    }

    private static Dictionary<Buffer, SortedSet<int>> Users(ImmutableArray<Stmt> nests, Func<Stmt, ImmutableArray<Buffer>> buffers)
    {
        var users = new Dictionary<Buffer, SortedSet<int>>(ReferenceEqualityComparer.Instance);
        for (int n = 0; n < nests.Length; n++)
            foreach (var b in buffers(nests[n]))
                if (users.TryGetValue(b, out var known)) known.Add(n);
                else users.Add(b, [n]);
        return users;
    }
}
