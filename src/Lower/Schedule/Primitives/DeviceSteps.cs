using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>What the steps for devices share. They need a function of a device: the host's CPU has no blocks, threads or barriers.</summary>
internal static class DeviceSteps
{
    public static void RequireDevice(ScheduleState state, Directive d, string what)
    {
        if (state.Function.Target is null) throw StepContext.Refuse(ScheduleRefusals.NeedsDevice, d.Span, what);
    }

    public static Effect Barrier(Buffer buffer) => new(EffectKind.Barrier, buffer.Name, [], []);

    /// <summary>A loop without the fills of shared caches, the reads of them, and barriers.</summary>
    public static For WithoutSharedCaches(For loop) => loop.WithBody(new Erasure().Visit(loop.Body));

    private sealed class Erasure : Rewriter
    {
        protected override Stmt VisitEffect(Effect x) => x.Kind is EffectKind.Barrier ? Block.Empty : x;

        protected override Stmt VisitInstance(Instance i)
        {
            if (i.Writes.All(r => r.Buffer.Scope is MemoryScope.Shared)) return Block.Empty;
            if (!i.Reads.Any(r => r.Buffer.Scope is MemoryScope.Shared)) return i;
            var (init, body) = (i.Init is null ? null : Visit(i.Init), Visit(i.Body));
            return new Instance(i.Name, i.Iterations, Regions.Read(init, body), i.Writes, init, body, i.Reassociate, i.Origin);
        }

        protected override Expr VisitLoad(Load l) => l.Buffer.Scope is MemoryScope.Shared ? Expr.Zero(l.Type) : base.VisitLoad(l);
    }

    /// <summary>All threads of a block reach every barrier in a loop: how often the loops between run is the same for all of them.</summary>
    public static void RequireEveryThread(LoopPlace at, ImmutableArray<For> threads, Directive d)
    {
        var variables = threads.Where(CacheReadStep.IsThread).Select(f => f.Variable).ToHashSet();
        foreach (var f in threads)
            if (f.Min.UsesAny(variables.Contains) || f.Extent.UsesAny(variables.Contains))
                throw StepContext.Refuse(ScheduleRefusals.CacheNotLegal, d.Span, d.Stage.Name, at.Loop.Variable.Name, $"threads run `{f.Variable.Name}` differently often, and all of them must meet at a barrier",
                    "split with a constant factor and `tail = pad`");
        if (at.Path.OfType<If>().Any())
            throw StepContext.Refuse(ScheduleRefusals.CacheNotLegal, d.Span, d.Stage.Name, at.Loop.Variable.Name, "a condition stands around it, and all threads must meet at a barrier", "cache it outside of the condition");
    }
}
