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
        var inlined = InlineStrategy.Apply(Passes.ConditionalNests.DropUnread(plain, _ => false));
        var read = inlined.Body.BuffersRead().ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        var scheduler = new NestScheduler(target, read.Contains, _ => false);
        var nests = ImmutableArray.CreateBuilder<Stmt>();
        foreach (var nest in StatementsOf(inlined.Body)) scheduler.Schedule(nest, [], nests);
        return inlined.With(Block.Of(nests), [.. inlined.Temporaries, .. scheduler.Temporaries]);
    }

    /// <summary>The first half of the default alone: stages that need no tensor of their own are computed where they are read.</summary>
    /// <param name="isKept">Names of instances that stay as they are, as what they read and what reads them does.</param>
    public static LoopFunction Fuse(LoopFunction plain, Func<string, bool> isKept) => InlineStrategy.Apply(plain, isKept);

    /// <summary>The default for one nest of a function that has been scheduled in part: marked loops and instances that are <paramref name="isScheduled"/> stay as they are.</summary>
    /// <returns>The nests that take its place, and the buffers that they share; the same nest where there was nothing to do.</returns>
    internal static (ImmutableArray<Stmt> Nests, ImmutableArray<Buffer> Temporaries) Apply(Stmt nest, CpuTarget target, Func<Buffer, bool> isRead, Func<string, bool> isScheduled)
    {
        var scheduler = new NestScheduler(target, isRead, isScheduled);
        var nests = ImmutableArray.CreateBuilder<Stmt>();
        scheduler.Schedule(nest, [], nests);
        return (nests.ToImmutable(), [.. scheduler.Temporaries]);
    }

    private static ImmutableArray<Stmt> StatementsOf(Stmt s) => s is Block b ? b.Statements : [s];

    private sealed class NestScheduler(CpuTarget target, Func<Buffer, bool> isRead, Func<string, bool> isScheduled)
    {
        /// <summary>What the nests share beside the function's own.</summary>
        public List<Buffer> Temporaries { get; } = [];

        // The nests that carried or marked loops hold are scheduled one by one, each with these loops around it alone, so that time stays linear in their number.
        public void Schedule(Stmt nest, ImmutableArray<For> outer, ImmutableArray<Stmt>.Builder result)
        {
            if (IsPlain(nest) && NestPath.SoleInstance(nest) is { } stage && !isScheduled(stage.Name))
            {
                var around = outer.IsEmpty && !stage.HasReduction ? IndependentLoops.Apply(nest, stage) : nest;
                foreach (var loop in outer.Reverse()) around = loop.WithBody(around);
                foreach (var scheduled in Schedule(around, stage, outer)) result.Add(Unwrap(scheduled, outer));
            }
            else if (nest is For loop) result.Add(loop.WithBody(Inside(loop.Body, outer.Add(loop))));
            else if (nest is Allocate a) result.Add(Inside(a.Body, outer) is var body && ReferenceEquals(body, a.Body) ? a : new Allocate(a.Buffer, body, a.Origin));
            else result.Add(nest);
        }

        private Stmt Inside(Stmt body, ImmutableArray<For> outer)
        {
            var statements = ImmutableArray.CreateBuilder<Stmt>();
            foreach (var inner in StatementsOf(body)) Schedule(inner, outer, statements);
            return Block.Of(statements) is var changed && StatementsOf(body) is var before && before.AsSpan().SequenceEqual(statements.ToArray()) ? body : changed;
        }

        // Loops alone, none of them marked.
        private static bool IsPlain(Stmt s) => s switch
        {
            Instance => true,
            For f => f.Kind is LoopKind.Serial && IsPlain(f.Body),
            _ => false,
        };

        private ImmutableArray<Stmt> Schedule(Stmt nest, Instance stage, ImmutableArray<For> outer)
        {
            bool isCarried = outer.All(stage.KeepsOrderOf);
            // Parts of a split that lie outside stay there.
            int parts = NestPath.LoopsAround(nest, stage.Name)[outer.Length..].TakeWhile(l => !stage.Iterations.Any(it => ReferenceEquals(it.Binding, l.Variable))).Count();
            int stay = isCarried && parts == 0 ? 0 : outer.Length + parts;
            isCarried &= parts == 0;
            if (!stage.HasReduction) return [ElementwiseStrategy.Apply(nest, stage.Name, target, isRead, stay)];
            if (!isCarried || ContractionStrategy.Apply(nest, stage.Name, target) is not { } contraction) return [ReductionStrategy.Apply(nest, stage.Name, target, stay)];
            Temporaries.AddRange(contraction.Temporaries);
            return contraction.Nests;
        }

        private static Stmt Unwrap(Stmt nest, ImmutableArray<For> outer)
        {
            foreach (var loop in outer)
                nest = nest is For f && ReferenceEquals(f.Variable, loop.Variable) ? f.Body : throw new CompilerBugException("default schedule", $"{loop.Variable.Name} does not stand outside any more");
            return nest;
        }
    }
}
