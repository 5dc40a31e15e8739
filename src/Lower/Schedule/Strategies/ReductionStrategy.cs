using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>A reduction whose reads are not shared between elements: sums and extremes of rows or columns, pooling, depthwise convolution, norms.
/// Vectors run along whichever index moves through memory by single elements: one of the output, with accumulators in registers, or one of
/// the reduction, with partial results in lanes.</summary>
internal static class ReductionStrategy
{
    /// <summary>A vector of gathered elements, in units of a contiguous one.</summary>
    private const double GatherCost = 6;
    /// <summary>Operations of a reduction whose extent is not known: enough not to be cut smaller.</summary>
    private const long UnknownWork = 1 << 15;

    /// <summary>Operations of a body that has work of its own while an addition waits, and needs registers for it.</summary>
    private const int LongBody = 16;

    /// <param name="fixedLoops">Loops, the outermost ones, that stay as they are.</param>
    public static Stmt Apply(Stmt nest, string stage, CpuTarget target, int fixedLoops = 0)
    {
        var instance = NestPath.FindInstance(nest, stage);
        var around = NestPath.LoopsAround(nest, stage);
        var loops = NestPath.FreeLoops(instance, around[fixedLoops..]);
        // Partial results cannot outlive the loops that stay.
        if (around[..fixedLoops].Any(l => instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(l.Variable)))) return nest;
        bool isRepeated = loops.Length < around.Length;
        if (loops.IsEmpty || !IsRectangular(loops)) return nest;
        var facts = InstanceFacts.Of(instance);
        var spatial = LoopsOf(instance, loops, IterKind.Spatial);
        var reductions = LoopsOf(instance, loops, IterKind.Reduction);
        // An empty range leaves the initial values: nothing to speed up.
        if (InstanceFacts.Points(loops) == 0 || spatial.Length + reductions.Length != loops.Length) return nest;
        long work = InstanceFacts.Points(reductions) is { } n ? (long)Int128.Min((Int128)n * Math.Max(1, facts.Operations), long.MaxValue) : UnknownWork;
        // One whose start stands elsewhere goes on from it: neither lanes nor a tile may start again.
        if (facts.CanFail || instance.Init is null) return OuterParallelism.Apply(nest, Variables(spatial), work, isRepeated);

        var form = ReductionForm.Match(instance);
        int full = target.VectorBytes / facts.WidestBytes;
        var choices = new List<(double Cost, For Loop, int Lanes)>();
        foreach (var l in spatial) AddChoice(l, form is null ? null : 0.0);
        if (form is not null && instance.Reassociate)
            foreach (var l in reductions) AddChoice(l, 4.0 / (NestPath.MaxExtent(l) ?? 64));
        if (choices.Count == 0) return OuterParallelism.Apply(nest, Variables(spatial), work, isRepeated);

        var (_, loop, lanes) = choices.MinBy(c => c.Cost);
        if (lanes == 1) return OuterParallelism.Apply(nest, Variables(spatial), work, isRepeated);
        return reductions.Contains(loop)
            ? InReductionLanes(nest, stage, loop, spatial, reductions, lanes, Most(4), work, isRepeated)
            : InOutputLanes(nest, stage, loop, spatial, reductions, lanes, Most(target.VectorRegisters / 4), work, isRepeated);

        // Several vectors hide the latency of a chain of additions; a quarter of the registers leaves room for what is read.
        int Most(int vectors) => facts.Operations >= LongBody ? Math.Min(vectors, 2) : vectors;

        void AddChoice(For l, double? extra)
        {
            if (instance.Iterations.SingleOrDefault(it => ReferenceEquals(it.Binding, l.Variable)) is not { } it) return;
            long? extent = (l.Extent as IntImm)?.Value;
            int lanes = ElementwiseStrategy.LanesFor(full, extent);
            if (it.Kind is IterKind.Reduction && extent < 2 * lanes) return;
            double perVector = facts.Operations * 0.5 + (extra ?? 0) * lanes;
            foreach (var a in facts.Loads)
                perVector += AccessStrides.Of(a.Indices, it.Variable) switch { AccessStride.Invariant => 0.5, AccessStride.Contiguous => 1, _ => GatherCost };
            // An extent that is not known counts as a long one.
            double used = extent is { } n ? n / (Math.Ceiling((double)n / lanes) * lanes) : 1;
            choices.Add((perVector / (lanes * used), l, lanes));
        }
    }

    private static Stmt InOutputLanes(Stmt nest, string stage, For loop, ImmutableArray<For> spatial, ImmutableArray<For> reductions, int lanes, int most, long work, bool isRepeated)
    {
        long vectors = loop.Extent is IntImm { Value: var extent } ? Math.Clamp(extent / lanes, 1, most) : most;
        var outer = Variables(spatial).Where(v => !ReferenceEquals(v, loop.Variable)).ToList();
        nest = Reorder.Apply(nest, [.. outer, loop.Variable, .. Variables(reductions)]);
        (nest, var tile, var inTile) = Split.Apply(TailGuard.Apply(nest, loop.Variable, lanes * vectors, []), loop.Variable, lanes * vectors);
        (nest, var step, var lane) = Split.Apply(nest, inTile, lanes);
        nest = Reorder.Apply(nest, [tile, .. Variables(reductions), step, lane]);
        nest = Mark.Vectorize(Mark.Unroll(nest, step), lane);
        nest = CacheWrite.Apply(nest, stage, tile, MemoryScope.Register).Nest;
        return OuterParallelism.Apply(nest, [.. outer, tile], work * vectors, isRepeated);
    }

    private static Stmt InReductionLanes(Stmt nest, string stage, For loop, ImmutableArray<For> spatial, ImmutableArray<For> reductions, int lanes, int most, long work, bool isRepeated)
    {
        int unroll = loop.Extent is IntImm { Value: var extent } ? (int)Math.Clamp(extent / lanes, 1, most) : most;
        nest = Reorder.Apply(nest, [.. Variables(spatial), .. Variables(reductions).Where(v => !ReferenceEquals(v, loop.Variable)), loop.Variable]);
        (nest, _) = ReduceInLanes.Apply(TailGuard.Apply(nest, loop.Variable, (long)lanes * unroll, []), stage, loop.Variable, lanes, unroll);
        return OuterParallelism.Apply(nest, Variables(spatial), Math.Max(1, work / lanes), isRepeated);
    }

    internal static bool IsRectangular(ImmutableArray<For> loops)
    {
        var variables = loops.Select(l => l.Variable).ToHashSet();
        return loops.All(l => !l.Extent.UsesAny(variables.Contains) && !l.Min.UsesAny(variables.Contains));
    }

    internal static ImmutableArray<For> LoopsOf(Instance instance, ImmutableArray<For> loops, IterKind kind)
    {
        var bound = instance.Iterations.Where(it => it.Kind == kind).Select(it => it.Binding).ToHashSet<Expr>(ReferenceEqualityComparer.Instance);
        return [.. loops.Where(l => bound.Contains(l.Variable))];
    }

    internal static ImmutableArray<Var> Variables(ImmutableArray<For> loops) => [.. loops.Select(l => l.Variable)];
}
