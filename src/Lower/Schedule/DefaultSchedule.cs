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
        var read = inlined.Body.BuffersRead().ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        var scheduler = new NestScheduler(target, read.Contains);
        var nests = ImmutableArray.CreateBuilder<Stmt>();
        foreach (var nest in StatementsOf(inlined.Body)) scheduler.Schedule(nest, [], nests);
        return inlined.With(Block.Of(nests), [.. inlined.Temporaries, .. scheduler.Temporaries]);
    }

    private static ImmutableArray<Stmt> StatementsOf(Stmt s) => s is Block b ? b.Statements : [s];

    private sealed class NestScheduler(CpuTarget target, Func<Buffer, bool> isRead)
    {
        /// <summary>What the nests share beside the function's own.</summary>
        public List<Buffer> Temporaries { get; } = [];

        // The nests that carried loops hold are scheduled one by one, each with these loops around it alone, so that time stays linear in their number.
        public void Schedule(Stmt nest, ImmutableArray<For> carried, ImmutableArray<Stmt>.Builder result)
        {
            if (NestPath.SoleInstance(nest) is { } stage)
            {
                var around = carried.IsEmpty && !stage.HasReduction ? IndependentLoops.Apply(nest, stage) : nest;
                foreach (var loop in carried.Reverse()) around = loop.WithBody(around);
                foreach (var scheduled in Schedule(around, stage)) result.Add(Unwrap(scheduled, carried));
            }
            else if (nest is For loop)
            {
                var body = ImmutableArray.CreateBuilder<Stmt>();
                foreach (var inner in StatementsOf(loop.Body)) Schedule(inner, carried.Add(loop), body);
                result.Add(loop.WithBody(Block.Of(body)));
            }
            else result.Add(nest);
        }

        private ImmutableArray<Stmt> Schedule(Stmt nest, Instance stage)
        {
            if (!stage.HasReduction) return [ElementwiseStrategy.Apply(nest, stage.Name, target, isRead)];
            if (ContractionStrategy.Apply(nest, stage.Name, target) is not { } contraction) return [ReductionStrategy.Apply(nest, stage.Name, target)];
            Temporaries.AddRange(contraction.Temporaries);
            return contraction.Nests;
        }

        private static Stmt Unwrap(Stmt nest, ImmutableArray<For> carried)
        {
            foreach (var loop in carried)
                nest = nest is For f && ReferenceEquals(f.Variable, loop.Variable) ? f.Body : throw new CompilerBugException("default schedule", $"{loop.Variable.Name} does not stand outside any more");
            return nest;
        }
    }
}
