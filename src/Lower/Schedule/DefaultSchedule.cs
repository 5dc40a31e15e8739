using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Strategies;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule;

/// <summary>What an operator gets when no schedule is written for it.</summary>
public static class DefaultSchedule
{
    /// <param name="plain">The plain nests of <see cref="Build.NestBuilder"/>.</param>
    /// <returns>A module of the same level that computes the same.</returns>
    public static LoopModule Apply(LoopModule plain, CpuTarget target) => plain.Map(f => Apply(f, target));

    private static LoopFunction Apply(LoopFunction plain, CpuTarget target)
    {
        var inlined = InlineStrategy.Apply(plain);
        var nests = ImmutableArray.CreateBuilder<Stmt>();
        var temporaries = inlined.Temporaries.ToBuilder();
        var read = inlined.Body.BuffersRead().ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        foreach (var nest in inlined.Body is Block b ? b.Statements : [inlined.Body])
            Schedule(nest, target, read.Contains, nests, temporaries);
        return inlined.With(Block.Of(nests), temporaries.ToImmutable());
    }

    private static void Schedule(Stmt nest, CpuTarget target, Func<Buffer, bool> isRead, ImmutableArray<Stmt>.Builder nests, ImmutableArray<Buffer>.Builder temporaries)
    {
        if (NestPath.SoleInstance(nest) is not { } stage) nests.Add(nest);
        else if (!stage.HasReduction) nests.Add(ElementwiseStrategy.Apply(nest, stage.Name, target, isRead));
        else if (ContractionStrategy.Apply(nest, stage.Name, target) is { } contraction)
        {
            nests.AddRange(contraction.Nests);
            temporaries.AddRange(contraction.Temporaries);
        }
        else nests.Add(ReductionStrategy.Apply(nest, stage.Name, target));
    }
}
