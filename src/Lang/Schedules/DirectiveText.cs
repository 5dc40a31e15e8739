using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Schedules;

/// <summary>Steps as text of the language, with all values filled in.</summary>
public static partial class DirectiveText
{
    /// <summary>A stage as it is written: <c>h.eq(1)</c> where the operator calls it <c>h.eq1</c>.</summary>
    public static string Stage(string name) => Numbered().Replace(name, ".$1($2)");

    public static string Stage(StageHandle stage) => Stage(stage.Name);

    public static string Of(Directive d)
    {
        var text = new StringBuilder();
        if (d.Results.Length == 1) text.Append(Of(d.Results[0])).Append(" = ");
        else if (d.Results.Length > 1) text.Append('(').AppendJoin(", ", d.Results.Select(Of)).Append(") = ");
        if (d.Receiver is { } receiver) text.Append(Of(receiver)).Append('.');
        text.Append(d.Primitive.Name).Append('(');
        bool isFirst = true;
        foreach (var p in d.Primitive.Parameters)
        {
            if (d[p.Name] is not { } value) continue;
            if (!isFirst) text.Append(", ");
            isFirst = false;
            bool isNamed = (p.IsOptional && !p.IsVariadic && d.Primitive.Parameters.Length > 1) || d.Primitive.Name is "cache_read" or "cache_write";
            if (isNamed) text.Append(p.Name).Append(" = ");
            text.Append(p.IsVariadic && value is ListValue list ? string.Join(", ", list.Items.Select(Of)) : Of(value));
        }
        return text.Append(')').ToString();
    }

    public static string Of(ScheduleValue value) => value switch
    {
        IntegerValue i => i.Value.ToString(CultureInfo.InvariantCulture),
        BooleanValue b => b.Value ? "true" : "false",
        LoopValue l => l.Loop.Name,
        StageValue s => Stage(s.Stage),
        WordValue w => w.Word,
        TypeValue t => t.Type.Name,
        LayoutValue l => $"({string.Join(", ", l.Axes.Select(a => a.Name))}) -> [{Terms.Print(l.Body)}]",
        ConditionValue c => Terms.Print(c.Condition),
        InstructionValue i => i.Syntax.Name.Text,
        ListValue l => $"[{string.Join(", ", l.Items.Select(Of))}]",
        _ => "…",
    };

    [GeneratedRegex(@"\.(eq|update)(\d+)(?=\.|$)")]
    private static partial Regex Numbered();
}
