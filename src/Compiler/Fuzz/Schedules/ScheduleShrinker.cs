using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tx.Fuzz.Schedules;

/// <param name="run">What is wrong with a pair; null: nothing.</param>
/// <summary>Makes a failing pair smaller as long as it fails in the same way: fewer steps, smaller sizes and factors, a shorter program.</summary>
public sealed partial class ScheduleShrinker(Func<SchedulePair, ScheduleFailure?> run)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);

    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Pairs that were tried.</summary>
    public int Tries { get; private set; }

    public ScheduleFailure Shrink(ScheduleFailure failure)
    {
        _watch.Restart();
        string before;
        do
        {
            before = failure.Pair.Text + failure.Pair.SizesText;
            failure = WithoutLines(failure);
            failure = First(failure, p => SmallerSizes(p).Concat(SmallerFactors(p)));
            failure = First(failure, ShorterPrograms);
        }
        while (before != failure.Pair.Text + failure.Pair.SizesText && _watch.Elapsed < TimeLimit);
        return failure;
    }

    // Halves first, then one line at a time.
    private ScheduleFailure WithoutLines(ScheduleFailure failure)
    {
        for (int size = Math.Max(1, failure.Pair.Lines.Length / 2); ; size /= 2)
        {
            for (int at = failure.Pair.Lines.Length - size; at >= 0; at--)
            {
                if (at + size > failure.Pair.Lines.Length) continue;
                if (Fails(failure.Pair with { Lines = failure.Pair.Lines.RemoveRange(at, size) }, failure.Kind) is { } smaller) failure = smaller;
            }
            if (size <= 1) break;
        }
        if (!failure.Pair.Declarations.IsEmpty && Fails(failure.Pair with { Declarations = [] }, failure.Kind) is { } without) failure = without;
        return failure;
    }

    // Takes the first candidate that fails alike, and starts again from it.
    private ScheduleFailure First(ScheduleFailure failure, Func<SchedulePair, IEnumerable<SchedulePair>> candidates)
    {
        while (_watch.Elapsed < TimeLimit && candidates(failure.Pair).Select(p => Fails(p, failure.Kind)).FirstOrDefault(f => f is not null) is { } smaller) failure = smaller;
        return failure;
    }

    private ScheduleFailure? Fails(SchedulePair pair, string kind)
    {
        if (_watch.Elapsed >= TimeLimit) return null;
        Tries++;
        return run(pair) is { } found && found.Kind == kind ? found : null;
    }

    private static IEnumerable<SchedulePair> SmallerSizes(SchedulePair pair)
    {
        foreach (var (dim, size) in pair.Program.Sizes.OrderBy(s => s.Key, StringComparer.Ordinal))
            foreach (long n in new[] { 1, 2, 3, size / 2, size - 1 })
                if (n > 0 && n < size) yield return pair with { Program = pair.Program with { Sizes = pair.Program.Sizes.SetItem(dim, n) } };
    }

    private static IEnumerable<SchedulePair> SmallerFactors(SchedulePair pair)
    {
        for (int at = 0; at < pair.Lines.Length; at++)
            foreach (Match m in Number().Matches(pair.Lines[at].Text))
                foreach (long n in new[] { 1, 2, 3, long.Parse(m.Value, CultureInfo.InvariantCulture) - 1 })
                    if (n > 0 && n < long.Parse(m.Value, CultureInfo.InvariantCulture))
                        yield return pair with { Lines = pair.Lines.SetItem(at, pair.Lines[at] with { Text = Put(pair.Lines[at].Text, m.Index, m.Length, n.ToString(CultureInfo.InvariantCulture)) }) };
    }

    // Lines of the body that nothing needs, results that are not asked for, sums with fewer terms. What no longer is a program fails in another way.
    private static IEnumerable<SchedulePair> ShorterPrograms(SchedulePair pair)
    {
        string text = pair.Program.Text;
        SchedulePair With(string shorter) => pair with { Program = pair.Program with { Text = shorter } };
        string[] lines = text.Split('\n');
        int body = Array.FindIndex(lines, l => l == "{");
        for (int at = lines.Length - 1; at > body; at--)
            if (lines[at].StartsWith("    ", StringComparison.Ordinal)) yield return With(string.Join('\n', lines.Where((_, n) => n != at)));
        // A result with the lines that compute it.
        int arrow = Array.FindIndex(lines, l => l.StartsWith("    -> ", StringComparison.Ordinal));
        if (arrow >= 0)
            foreach (Match m in Result().Matches(lines[arrow]))
            {
                string name = m.Groups["name"].Value;
                string rest = lines[arrow].Remove(m.Index, m.Length).Replace("-> , ", "-> ", StringComparison.Ordinal);
                if (!rest.Contains(':', StringComparison.Ordinal)) continue;
                yield return With(string.Join('\n', lines.Select((l, n) => n == arrow ? rest : l).Where(l => !l.TrimStart().StartsWith($"{name}[", StringComparison.Ordinal) && !l.Contains($"{{ {name}[", StringComparison.Ordinal))));
            }
        for (int n = text.IndexOf("\n{\n", StringComparison.Ordinal); n >= 0 && n < text.Length; n++)
        {
            if (text[n] != '(') continue;
            int end = Closing(text, n);
            if (end < 0) continue;
            string inside = text[(n + 1)..end];
            foreach (string part in Operators().Split(inside).Where(p => p.Length > 0 && Closing($"({p})", 0) == p.Length + 1))
                if (part.Length < end - n) yield return With(Put(text, n, end + 1 - n, $"{part}"));
        }
    }

    private static int Closing(string text, int open)
    {
        for (int n = open, depth = 0; n < text.Length && text[n] != '\n'; n++)
            if (text[n] == '(') depth++;
            else if (text[n] == ')' && --depth == 0) return n;
        return -1;
    }

    private static string Put(string text, int at, int length, string with) => string.Concat(text.AsSpan(0, at), with, text.AsSpan(at + length));

    [GeneratedRegex(@"(?<![\w.])\d+(?!\w)")]
    private static partial Regex Number();

    [GeneratedRegex(@"(, )?(?<name>\w+): \w+(\[[^\]]*\])?")]
    private static partial Regex Result();

    [GeneratedRegex(@" (?:[-+*/%<>^&|]|==|!=|<=|>=|&&|\|\||\?\?|\?|:) ")]
    private static partial Regex Operators();
}
