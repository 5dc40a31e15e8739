using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
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
