using System.Collections.Immutable;

namespace Tx.Lang.Schedules;

/// <summary>The stages that steps name.</summary>
public static class MentionedStages
{
    /// <param name="stages">Of the operator; a step may name a tensor, which is all of its stages.</param>
    public static HashSet<string> Of(IEnumerable<Directive> steps, ImmutableArray<StageEntry> stages)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var d in steps.Where(d => !IsRest(d)))
            foreach (var value in d.Arguments.Values.Select(a => a.Value).Append(d.Receiver)) Add(value);
        return names;

        void Add(ScheduleValue? value)
        {
            switch (value)
            {
                case LoopValue { Loop.Stage.Entry.Name: var stage }: names.Add(stage); break;
                case StageValue { Stage: { Entry.Name: var stage } }: names.Add(stage); break;
                case StageValue { Stage.Tensor.Name: var tensor }: names.UnionWith(stages.Where(s => s.Tensor == tensor).Select(s => s.Name)); break;
                case ListValue list:
                    foreach (var item in list.Items) Add(item);
                    break;
            }
        }
    }

    /// <summary>A step that gives the default to what others leave alone.</summary>
    public static bool IsRest(Directive d) => d.Primitive.Name == "auto" && d["stage"] is null or ListValue;
}
