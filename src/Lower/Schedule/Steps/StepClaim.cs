using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>A step that is neither proved nor refuted claims to be right: it is done, and counts once a check of the nests before and after it agrees.</summary>
/// <param name="Loops">The loops whose iterations are claimed not to need each other; empty where an order or a place in storage is claimed.</param>
/// <param name="Refusal">What is said where nothing checks it.</param>
public sealed record StepClaim(ImmutableArray<Var> Loops, Diagnostic Refusal)
{
    /// <summary>Threads run its iterations: what they do to each other shows itself too rarely in runs of a kernel.</summary>
    public bool HasThreads { get; init; }

    public static StepClaim operator &(StepClaim a, StepClaim b) => a with { Loops = [.. a.Loops, .. b.Loops], HasThreads = a.HasThreads || b.HasThreads };
}

/// <summary>Decides claims.</summary>
public interface IClaimChecker
{
    /// <returns>Evidence without a claim.</returns>
    /// <exception cref="DiagnosticException">The step is refused.</exception>
    Evidence Decide(StepClaim claim, Lang.Schedules.Directive directive, ScheduleState before, ScheduleState after);
}
