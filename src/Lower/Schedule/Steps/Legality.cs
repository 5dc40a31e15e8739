using System.Collections.Immutable;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>Asks the dependence analysis, and writes refusals from its answers.</summary>
internal static class Legality
{
    /// <summary>No two iterations of a loop touch one element when one of them writes it.</summary>
    /// <param name="allowReductions">Accumulations into one element count as independent where their order is free.</param>
    public static Evidence RequireIndependent(ScheduleState state, LoopPlace place, Directive d, StepContext context, bool allowReductions, string what) => Evidence.Proved("TODO");

    /// <summary>Permuting directly nested loops keeps every dependence.</summary>
    public static Evidence RequireOrder(ScheduleState state, LoopPlace first, IReadOnlyList<For> chain, ImmutableArray<Var> order, Stmt body, Directive d, StepContext context) => Evidence.Proved("TODO");
}
