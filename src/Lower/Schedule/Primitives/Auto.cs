using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>Gives what is not scheduled yet the default: whole nests, and inside of nests that are scheduled in part the stages and loops that are still plain. Its parts
/// are strategies over the same rewrites as a schedule's own lines.</summary>
public static class Auto
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var before = state;
        // Of one that is named there must be something; among all of a call some may be inlined.
        if (d["stage"] is StageValue one) context.Instance(state, one.Stage, d.SpanOf("stage"));
        var only = d.Has("stage") ? d.List<StageValue>("stage").Select(s => state.InstanceName(s.Stage)).ToHashSet(StringComparer.Ordinal) : null;
        bool IsRead(Buffer b) => !state.Nests.Readers(b).IsEmpty;
        foreach (int number in state.Nests.Order)
        {
            if (only is not null && !state.Nests.Instances(number).Any(i => only.Contains(i.Name))) continue;
            var scheduled = state.Scheduled;
            var (nests, temporaries) = DefaultSchedule.Apply(state.Nests[number], state.Target, IsRead, name => scheduled.Contains(name) || only is not null && !only.Contains(name));
            // What is made stands before the nest that had its place.
            var table = state.Nests;
            foreach (var nest in nests[..^1]) table = table.InsertBefore(number, nest);
            table = table.Replace(number, nests[^1]);
            state = state with { Nests = table };
            foreach (var t in temporaries) state = state.AddTemporary(t);
            if (!ReferenceEquals(before.Nests, state.Nests)) state = state.Touch(state.Nests.Instances(number).Select(i => i.Name));
        }
        if (d["stage"] is ListValue && ReferenceEquals(before.Nests, state.Nests)) return new(before, Evidence.Proved("every stage is scheduled already"));
        return ReferenceEquals(before.Nests, state.Nests)
            ? StepResult.WithoutEffect(before, only is null ? "every stage is scheduled already" : $"`{only.First()}` is scheduled already")
            : new(state, Evidence.Proved("the default's steps keep what is computed"));
    }
}
