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
        var only = d["stage"] is StageValue s ? state.Nests.FindNest(context.Instance(state, s.Stage, d.SpanOf("stage")).Name) : null;
        string? stage = d["stage"] is StageValue named ? state.InstanceName(named.Stage) : null;
        bool IsRead(Buffer b) => !state.Nests.Readers(b).IsEmpty;
        foreach (int number in state.Nests.Order)
        {
            if (only is { } one && one != number) continue;
            var scheduled = state.Scheduled;
            var (nests, temporaries) = DefaultSchedule.Apply(state.Nests[number], state.Target, IsRead, name => scheduled.Contains(name) || stage is not null && name != stage);
            // What is made stands before the nest that had its place.
            var table = state.Nests;
            foreach (var nest in nests[..^1]) table = table.InsertBefore(number, nest);
            table = table.Replace(number, nests[^1]);
            state = state with { Nests = table };
            foreach (var t in temporaries) state = state.AddTemporary(t);
            if (!ReferenceEquals(before.Nests, state.Nests)) state = state.Touch(state.Nests.Instances(number).Select(i => i.Name));
        }
        return ReferenceEquals(before.Nests, state.Nests)
            ? StepResult.WithoutEffect(before, stage is null ? "every stage is scheduled already" : $"`{stage}` is scheduled already")
            : new(state, Evidence.Proved("the default's steps keep what is computed"));
    }
}
