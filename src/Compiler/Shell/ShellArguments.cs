using System.Collections.Immutable;
using System.Globalization;

namespace Tx.Shells;

/// <summary>The arguments of a command that is about an operator: <c>matmul fast asm M=64,N=64 nr=8</c>.</summary>
/// <param name="Words">What has no value, without the operator.</param>
internal sealed record ShellArguments(OperatorRequest Request, ImmutableArray<string> Words)
{
    /// <summary>Reads the operator, its schedule, sizes and knobs; without an operator it is the one whose schedule is open.</summary>
    /// <exception cref="RequestException">One of them is not there.</exception>
    public static ShellArguments Parse(Shell shell, string text)
    {
        var words = new List<string>();
        var numbers = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (string word in text.Split((char[])[' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            int at = word.IndexOf('=', StringComparison.Ordinal);
            if (at < 0) words.Add(word);
            else if (at > 0 && long.TryParse(word[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long n)) numbers[word[..at]] = n;
            else throw new RequestException($"`{word}` is no size; write name=number, such as M=64");
        }
        var operators = shell.Session.Declarations.Operators;
        if (shell.Explorer is { } explorer && (words.Count == 0 || !operators.ContainsKey(words[0])) && numbers.Count == 0) return new(explorer.Request, [.. words]);
        if (words.Count == 0) throw new RequestException(operators.Count == 0 ? "no operator is declared" : $"name an operator: {string.Join(", ", operators.Keys.Order(StringComparer.Ordinal).Take(12))}");
        string op = words[0];
        words.RemoveAt(0);
        var schedules = shell.Session.Schedules.SchedulesOf(op).Select(s => s.Name.Text).ToHashSet(StringComparer.Ordinal);
        string? schedule = words.FirstOrDefault(schedules.Contains);
        if (schedule is not null) words.Remove(schedule);
        var plain = OperatorRequest.Find(shell.Session, op, ImmutableDictionary<string, long>.Empty);
        var dims = plain.Operator.Dims.Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        var sizes = numbers.Where(n => dims.Contains(n.Key)).ToImmutableDictionary(StringComparer.Ordinal);
        var knobs = numbers.Where(n => !dims.Contains(n.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal);
        if (knobs.Count > 0 && schedule is null) throw new RequestException($"`{op}` has no dimension `{knobs.Keys.First()}`; it has {string.Join(", ", dims)}");
        return new(OperatorRequest.Find(shell.Session, op, sizes, schedule, knobs.Count == 0 ? null : knobs), [.. words]);
    }

    /// <summary>The one word that is left, of some; the first of them where there is none.</summary>
    public string Choice(params ReadOnlySpan<string> known)
    {
        if (Words.IsEmpty) return known[0];
        foreach (string k in known)
            if (k == Words[0]) return k;
        throw new RequestException($"`{Words[0]}` is none of {string.Join(", ", known.ToArray())}, and no schedule of `{Request.Operator.Name}`");
    }
}
