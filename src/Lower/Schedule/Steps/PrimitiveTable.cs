using System.Collections.Frozen;
using Tx.Lower.Schedule.Primitives;
using Parallel = Tx.Lower.Schedule.Primitives.Parallel;

namespace Tx.Lower.Schedule.Steps;

/// <summary>The rule of every primitive of <see cref="Tx.Lang.Schedules.Vocabulary"/>.</summary>
public static class PrimitiveTable
{
    private static readonly FrozenDictionary<string, PrimitiveRule> s_rules = new Dictionary<string, PrimitiveRule>(StringComparer.Ordinal)
    {
        ["split"] = Split.Step,
        ["tile"] = Tile.Step,
        ["fuse"] = Fuse.Step,
        ["reorder"] = Reorder.Step,
        ["unroll"] = Unroll.Step,
        ["vectorize"] = Vectorize.Step,
        ["parallel"] = Parallel.Step,
        ["cache_read"] = CacheReadStep.Step,
        ["cache_write"] = CacheWriteStep.Step,
        ["layout"] = Layout.Step,
        ["pad"] = Pad.Step,
        ["double_buffer"] = DoubleBuffer.Step,
        ["pipeline"] = Primitives.Pipeline.Step,
        ["prefetch"] = Prefetch.Step,
        ["nontemporal"] = Nontemporal.Step,
        ["bind"] = Bind.Step,
        ["vthread"] = Vthread.Step,
        ["cooperative"] = Cooperative.Step,
        ["inline"] = Inline.Step,
        ["compute_at"] = ComputeAt.Step,
        ["store_at"] = StoreAt.Step,
        ["reverse_compute_at"] = ReverseComputeAt.Step,
        ["fold"] = Fold.Step,
        ["rfactor"] = Rfactor.Step,
        ["decompose_reduction"] = DecomposeReduction.Step,
        ["specialize"] = Specialize.Step,
        ["partition"] = Partition.Step,
        ["tensorize"] = Tensorize.Step,
        ["auto"] = Auto.Step,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static PrimitiveRule? Find(string primitive) => s_rules.GetValueOrDefault(primitive);
}
