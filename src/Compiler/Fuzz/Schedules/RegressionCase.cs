using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tx.Fuzz.Schedules;

/// <summary>A pair as a program that runs by itself: with inputs, and the claim that the scheduled operator gives what the reference evaluator gives.</summary>
public static partial class RegressionCase
{
    public static string Write(ScheduleFailure failure)
    {
        var (pair, program) = (failure.Pair, failure.Pair.Program);
        string header = program.Text[program.Text.IndexOf($"op {program.Operator}(", StringComparison.Ordinal)..];
        int arrow = header.IndexOf("->", StringComparison.Ordinal), body = header.IndexOf("\n{", StringComparison.Ordinal);
        var parameters = Declaration().Matches(header[..arrow]).Where(m => !m.Groups["const"].Success).ToList();
        int require = header.IndexOf("require", StringComparison.Ordinal);
        var results = Declaration().Matches(header[arrow..(require >= 0 && require < body ? require : body)]).Select(m => m.Groups["name"].Value).ToList();

        var text = new StringBuilder();
        text.Append("/// Found by `tx fuzz --schedules`: ").Append(failure.Where).Append(" differs or fails").Append(" (").Append(failure.Kind).Append(").\n");
        text.Append(pair.Text).Append('\n');
        int seed = 0;
        foreach (var p in parameters)
        {
            string type = Dimension().Replace(p.Groups["type"].Value, m => program.Sizes.TryGetValue(m.Value, out long n) ? n.ToString(CultureInfo.InvariantCulture) : m.Value);
            text.Append(CultureInfo.InvariantCulture, $"let {p.Groups["name"].Value} = {(type.Contains('[', StringComparison.Ordinal) ? $"random({type}, seed = {++seed})" : "2")}\n");
        }
        string arguments = string.Join(", ", parameters.Select(p => p.Groups["name"].Value));
        string call(string more) => $"{program.Operator}({arguments}{more})";
        string compare = program.Text.Contains('f', StringComparison.Ordinal) ? "close" : "equal";
        if (results.Count == 1) text.Append(CultureInfo.InvariantCulture, $"assert {compare}({call($", using = {SchedulePair.ScheduleName}")}, reference({call("")}))\n");
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"let ({string.Join(", ", results.Select(r => $"got_{r}"))}) = {call($", using = {SchedulePair.ScheduleName}")}\n");
            text.Append(CultureInfo.InvariantCulture, $"let ({string.Join(", ", results.Select(r => $"want_{r}"))}) = reference({call("")})\n");
            foreach (string r in results) text.Append(CultureInfo.InvariantCulture, $"assert {compare}(got_{r}, want_{r})\n");
        }
        return text.ToString();
    }

    [GeneratedRegex(@"(?<const>const )?(?<name>\w+): (?<type>\w+(\[[^\]]*\])?)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\b")]
    private static partial Regex Dimension();
}
