using System.Globalization;
using System.Text;
using System.Text.Json;
using Tx.Lang.Schedules;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

/// <summary>Counts over pairs: how many were accepted, by which evidence, and which primitives stood together.</summary>
public sealed class ScheduleStatistics
{
    private readonly Dictionary<string, int> _with = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), int> _together = [];
    private readonly Dictionary<EvidenceTier, int> _tiers = [];

    public ScheduleStatistics()
    {
        foreach (string p in Primitives) _with.Add(p, 0);
        foreach (var tier in Enum.GetValues<EvidenceTier>()) _tiers.Add(tier, 0);
    }

    /// <summary>Those that have a rule.</summary>
    public static IEnumerable<string> Primitives => Vocabulary.Primitives.Select(p => p.Name).Where(p => PrimitiveTable.Find(p) is not null);

    public int Pairs { get; private set; }
    public int Accepted { get; private set; }
    public int TooLong { get; private set; }
    public int Failed { get; private set; }
    public int Steps => _tiers.Values.Sum();
    public double ProvedShare => _tiers[EvidenceTier.Proved] / (double)Math.Max(1, Steps);
    public double AcceptedShare => Accepted / (double)Math.Max(1, Pairs);

    /// <summary>Each primitive with the share of accepted pairs that have it, the rarest first.</summary>
    public IEnumerable<(string Primitive, double Share)> Shares => _with.OrderBy(w => w.Value).ThenBy(w => w.Key, StringComparer.Ordinal).Select(w => (w.Key, w.Value / (double)Math.Max(1, Accepted)));

    public void Add(ScheduleOutcome outcome)
    {
        Pairs++;
        if (outcome.IsTooLong) TooLong++;
        if (outcome.Failure is not null) Failed++;
        if (!outcome.IsAccepted) return;
        Accepted++;
        foreach (var step in outcome.Steps) _tiers[step.Evidence.Tier]++;
        var primitives = outcome.Steps.Select(s => s.Directive.Primitive.Name).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (string p in primitives) _with[p] = _with.GetValueOrDefault(p) + 1;
        for (int i = 0; i < primitives.Count; i++)
            for (int j = i + 1; j < primitives.Count; j++)
                _together[(primitives[i], primitives[j])] = _together.GetValueOrDefault((primitives[i], primitives[j])) + 1;
    }

    /// <summary>Two primitives that can combine, and have not done so in one pair of a thousand.</summary>
    public IEnumerable<(string First, string Second, int Pairs)> Missing =>
        Combinations.Where(c => PrimitivePairs.WhyNot(c.First, c.Second) is null && c.Pairs < Math.Max(1, Pairs / PrimitivePairs.PairsForOne)).OrderBy(c => c.Pairs);

    /// <summary>Two primitives that are said not to combine, and did.</summary>
    public IEnumerable<(string First, string Second, int Pairs)> Contradictions => Combinations.Where(c => PrimitivePairs.WhyNot(c.First, c.Second) is not null && c.Pairs > 0);

    private IEnumerable<(string First, string Second, int Pairs)> Combinations
    {
        get
        {
            var names = Primitives.Order(StringComparer.Ordinal).ToList();
            for (int i = 0; i < names.Count; i++)
                for (int j = i + 1; j < names.Count; j++) yield return (names[i], names[j], Together(names[i], names[j]));
        }
    }

    private int Together(string a, string b) => _together.GetValueOrDefault(string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a));

    public string Print()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Pairs} pairs: {Accepted} accepted ({AcceptedShare:P1}), {TooLong} too long, {Failed} fail\n");
        text.Append(CultureInfo.InvariantCulture, $"{Steps} accepted steps: {string.Join(", ", _tiers.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Value / (double)Math.Max(1, Steps):P1} {t.Key.ToString().ToLowerInvariant()}")))}\n");
        foreach (var (primitive, share) in Shares) text.Append(CultureInfo.InvariantCulture, $"{share * 100,6:0.00} %  {primitive}\n");
        var names = Primitives.Order(StringComparer.Ordinal).ToList();
        text.Append("together:\n").Append(' ', 22).AppendJoin(' ', names.Select(n => n[..Math.Min(5, n.Length)].PadLeft(5))).Append('\n');
        foreach (string a in names)
            text.Append(CultureInfo.InvariantCulture, $"{a,-22}").AppendJoin(' ', names.Select(b => a == b ? "    ." : string.Create(CultureInfo.InvariantCulture, $"{Together(a, b),5}"))).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"fewest together: {Combinations.Where(c => PrimitivePairs.WhyNot(c.First, c.Second) is null).Min(c => c.Pairs)}; below one in {PrimitivePairs.PairsForOne}: {Missing.Count()}\n");
        foreach (var (first, second, pairs) in Missing) text.Append(CultureInfo.InvariantCulture, $"{pairs,6}  {first}, {second}\n");
        foreach (var ((first, second), reason) in PrimitivePairs.Impossible.OrderBy(p => p.Key))
            text.Append(CultureInfo.InvariantCulture, $"     -  {first}, {second}: {reason}{(Together(first, second) > 0 ? $" (but {Together(first, second)})" : "")}\n");
        return text.ToString();
    }

    /// <summary>The same as one JSON object.</summary>
    public string PrintJson() => JsonSerializer.Serialize(new
    {
        pairs = Pairs, accepted = Accepted, tooLong = TooLong, failed = Failed, steps = Steps,
        evidence = _tiers.ToDictionary(t => t.Key.ToString().ToLowerInvariant(), t => t.Value),
        primitives = _with,
        together = _together.OrderBy(t => t.Key).Select(t => new { first = t.Key.Item1, second = t.Key.Item2, pairs = t.Value }),
    });
}
