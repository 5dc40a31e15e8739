using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

using ListValue = Lang.Schedules.ListValue;

/// <summary>Exchanges two neighbouring steps that touch different nests: both orders are accepted and give the same nests.</summary>
public static class StepPermutation
{
    /// <returns>Whether the schedule has such steps, and what is wrong.</returns>
    public static (bool IsDone, ScheduleFailure? Failure) Try(ScheduleRunner runner, ScheduleOutcome outcome)
    {
        var (pair, steps) = (outcome.Pair, outcome.Steps);
        if (steps.Length != pair.Lines.Length || steps.Zip(pair.Lines).Any(s => s.First.Directive.Primitive.Name != s.Second.Primitive)) return (false, null);
        ImmutableArray<int> places = [.. Enumerable.Range(0, Math.Max(0, steps.Length - 1)).Where(n => AreApart(steps[n], steps[n + 1]))];
        if (places.IsEmpty) return (false, null);
        int at = places[(int)(pair.Seed % (ulong)places.Length)];
        var swapped = pair with { Lines = pair.Lines.SetItem(at, pair.Lines[at + 1]).SetItem(at + 1, pair.Lines[at]) };
        var other = runner.Run(swapped, execute: false);
        string where = $"steps {at + 1} and {at + 2} exchanged";
        if (other.Failure is { } failure) return (true, failure with { Kind = $"exchanged: {failure.Kind}", Where = $"{where}, {failure.Where}" });
        string expected = Print(steps[^1].After), actual = Print(other.Steps[^1].After);
        return expected == actual ? (true, null)
            : (true, new(swapped, "exchanged: differs", where, string.Join('\n', LineDifference.Of(expected, actual).Where(l => l.Change is not LineChange.Same).Select(l => $"{(l.Change is LineChange.Added ? '+' : '-')} {l.Line}"))));
    }

    private static string Print(ScheduleState state) => IrPrinter.Print(state.Nests.Body);

    private static bool AreApart(AppliedStep first, AppliedStep second)
    {
        if (first.Directive.Primitive.Receiver is null || second.Directive.Primitive.Receiver is null) return false;
        var results = first.Directive.Results.ToHashSet();
        if (Values(second.Directive).Any(results.Contains)) return false;
        var touched = Touched(first);
        return touched.Count > 0 && Touched(second) is { Count: > 0 } others && !touched.Overlaps(others);
    }

    // The nests that a step names, reads from and changes; their numbers stay.
    private static HashSet<int> Touched(AppliedStep step)
    {
        var nests = new HashSet<int>(step.After.Nests.Changed);
        foreach (var v in Values(step.Directive))
        {
            if (v is LoopValue { Loop: var l } && step.Before.FindLoop(l) is { } loop && step.Before.Nests.FindNest(loop) is { } number) nests.Add(number);
            if (v is StageValue { Stage: var s })
            {
                if (step.Before.Nests.FindNest(step.Before.InstanceName(s)) is { } own) nests.Add(own);
                if (step.Before.FindBuffer(s) is { } b) nests.UnionWith(step.Before.Nests.Readers(b).Union(step.Before.Nests.Writers(b)));
            }
        }
        return nests;
    }

    private static IEnumerable<ScheduleValue> Values(Directive d) =>
        d.Arguments.Values.Select(a => a.Value).Append(d.Receiver).OfType<ScheduleValue>().SelectMany(v => v is ListValue list ? list.Items : [v]);
}
