using System.Collections.Immutable;
using System.Diagnostics;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>One step as it was done.</summary>
/// <param name="Before">The function before it.</param>
/// <param name="After">The function after it.</param>
public sealed record AppliedStep(Directive Directive, Evidence Evidence, ScheduleState Before, ScheduleState After)
{
    /// <summary>How long the step took with its proofs.</summary>
    public TimeSpan Time { get; init; }
}

/// <summary>A step that was refused.</summary>
/// <param name="Time">How long that took, with the search for a witness and for what can be done instead.</param>
public sealed record RefusedStep(Directive Directive, TimeSpan Time);

/// <summary>A function under a schedule, step by step.</summary>
/// <param name="Steps">Those that were done; refused ones are in <paramref name="Diagnostics"/>.</param>
public sealed record ScheduledFunction(LoopFunction Plain, ScheduleState State, ImmutableArray<AppliedStep> Steps, ImmutableArray<Diagnostic> Diagnostics)
{
    public ImmutableArray<RefusedStep> Refused { get; init; } = [];
    public bool IsRefused => Diagnostics.Any(d => d.IsError);
    public LoopFunction Function => State.ToFunction();
}

/// <summary>A schedule is a list of rewrites: each takes one correct function to another. A step that is refused is left out and reported, and what needs its
/// results is left out too, so that one run shows all errors.</summary>
public static class ScheduleApplier
{
    public static ScheduledFunction Apply(LoopFunction plain, CpuTarget target, ImmutableArray<Directive> directives, StepContext context) =>
        Apply(ScheduleState.Of(plain, target), directives, context);

    /// <summary>Goes on with a function that has been scheduled in part.</summary>
    public static ScheduledFunction Apply(ScheduleState before, ImmutableArray<Directive> directives, StepContext context)
    {
        var state = before;
        var steps = ImmutableArray.CreateBuilder<AppliedStep>();
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var refusedSteps = ImmutableArray.CreateBuilder<RefusedStep>();
        var missing = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var queue = new LinkedList<Directive>(directives);
        for (int waiting = 0; queue.First is { } first;)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var d = first.Value;
            queue.RemoveFirst();
            state = state with { Nests = state.Nests.Settled };
            if (Handles(d.Arguments.Values.Select(a => a.Value).Append(d.Receiver)).Any(missing.Contains))
            {
                missing.UnionWith(Handles(d.Results));
                continue;
            }
            long start = Stopwatch.GetTimestamp();
            try
            {
                var result = Step(state, d, context);
                if (result.NoEffect is { } why) diagnostics.Add(Located(Diagnostic.Create(ScheduleRefusals.NoEffect, d.Span, why), d));
                steps.Add(new(d, result.Evidence, state, result.State) { Time = Stopwatch.GetElapsedTime(start) });
                state = result.State;
                waiting = 0;
            }
            catch (DiagnosticException refused) when (IsEarly(refused) && RunLength(queue) is > 0 and var run && waiting++ < run)
            {
                // Lines that place stages stand for a set: what reads this one may be placed by a line below.
                var last = queue.First!;
                for (int n = 1; n < run; n++) last = last.Next!;
                queue.AddAfter(last, d);
            }
            catch (DiagnosticException refused)
            {
                refusedSteps.Add(new(d, Stopwatch.GetElapsedTime(start)));
                diagnostics.AddRange(refused.Diagnostics.Select(x => Located(x, d)));
                missing.UnionWith(Handles(d.Results));
                waiting = 0;
            }
        }
        return new(before.ToFunction(), state, steps.ToImmutable(), diagnostics.ToImmutable()) { Refused = refusedSteps.ToImmutable() };
    }

    /// <summary>One step, with the proof that the marks of loops still hold, and the check of what is neither proved nor refuted.</summary>
    /// <exception cref="DiagnosticException">The step is refused.</exception>
    public static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var rule = PrimitiveTable.Find(d.Primitive.Name) ?? throw new CompilerBugException("schedule", $"no rule for {d.Primitive.Name}");
        var result = rule(state, d, context);
        ThreadGroups.Require(result.State, d);
        var evidence = MarkProof.Check(state, result.State, d, context) is { } marks ? result.Evidence & marks : result.Evidence;
        return result with { Evidence = context.Settle(evidence, d, state, result.State) };
    }

    private static bool IsEarly(DiagnosticException refused) => refused.Diagnostics is [{ } only] && only.Descriptor == ScheduleRefusals.PlaceNotLegal;

    // How many of the next lines place stages.
    private static int RunLength(LinkedList<Directive> queue) => queue.TakeWhile(d => d.Primitive.Name == "compute_at").Count();

    private static Diagnostic Located(Diagnostic diagnostic, Directive d) =>
        d.Through.Aggregate(diagnostic, (x, call) => x.WithLabel(call, "in this call of a strategy"));

    private static IEnumerable<object> Handles(IEnumerable<ScheduleValue?> values)
    {
        foreach (var v in values)
            switch (v)
            {
                case LoopValue { Loop: var l }:
                    yield return l;
                    if (l.Stage is { } owner) yield return owner;
                    break;
                case StageValue { Stage: var s }: yield return s; break;
                case ListValue list:
                    foreach (object handle in Handles(list.Items)) yield return handle;
                    break;
            }
    }
}
