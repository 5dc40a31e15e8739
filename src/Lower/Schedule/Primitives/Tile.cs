using System.Collections.Immutable;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { for j { S(i, j) } }   →   for io { for jo { for ii in 0..8 { for ji in 0..16 { S(io * 8 + ii, jo * 16 + ji) } } } }
/// </code>
/// Splits each loop and puts the inner loops inside of all outer ones: <see cref="Split"/>, then <see cref="Reorder"/>, and legal where they are.
/// </summary>
public static class Tile
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var loops = d.List<LoopValue>("loops");
        var factors = d.List<IntegerValue>("factors");
        var evidence = Evidence.Proved("the order of the iterations stays");
        for (int n = 0; n < loops.Length; n++)
        {
            var split = d with
            {
                Primitive = Vocabulary.Find("split")!, Receiver = loops[n],
                Arguments = d.Arguments.Remove("loops").SetItem("factors", new(factors[n], d.SpanOf("factors"))),
                Results = [d.Results[n], d.Results[loops.Length + n]],
            };
            (state, var why, _) = Split.Step(state, split, context);
            evidence &= why;
        }
        var reorder = d with
        {
            Primitive = Vocabulary.Find("reorder")!, Results = [],
            Arguments = ImmutableDictionary<string, DirectiveArgument>.Empty.Add("loops", new(new ListValue(d.Results), d.SpanOf("loops"))),
        };
        var (result, order, _) = Reorder.Step(state, reorder, context);
        return new(result, evidence & order);
    }
}
