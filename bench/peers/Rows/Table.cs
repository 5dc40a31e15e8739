using System.Globalization;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Rows;

/// <summary>The table and the report.</summary>
internal sealed class Table(TextWriter output)
{
    public void Heading() => output.WriteLine($"{"family",-13} {"row",-24} {"tx µs",10} {"best µs",10} {"ratio",6} {"wanted",6} {"share",6} {"error",6}  best peer");

    public void Line(Outcome o)
    {
        string verdict = o.IsSkipped ? "" : o.Passes ? "" : "  MISSES";
        string scaling = o.Scaling is { } s ? string.Create(CultureInfo.InvariantCulture, $"  two threads: {s:0.00} times one") : "";
        string missing = o.Missing.Count == 0 ? "" : $"  without {string.Join(", ", o.Missing)}";
        string wrong = string.Concat(o.Contenders.Where(c => c.Side != Side.Roof && !c.IsRight).Select(c => $"  {c.Name} is WRONG"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{o.Row.Family,-13} {o.Row.Name,-24} {Number(o.Tx?.Timing.Median * 1e6),10} {Number(o.Best?.Timing.Median * 1e6),10} {Ratio(o.Ratio),6} {Wanted(o.Row),6} {Ratio(o.Share),6} {Ratio(o.Tx?.Error),6}  {o.Best?.Name ?? "-"}{(o.Reason is null ? "" : $"  ({o.Reason})")}{scaling}{missing}{wrong}{verdict}"));
        output.Flush();
    }

    /// <summary>All contenders of a row.</summary>
    public void Details(Outcome o)
    {
        foreach (var c in o.Contenders.OrderBy(c => c.Timing.Median))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"    {c.Name,-22} {c.Timing.Median * 1e6,12:0.00} µs  min {c.Timing.Min * 1e6:0.00}  spread {c.Timing.Spread * 100:0.0} %  {(c.Timing.Rounds == 0 ? "first look" : $"{c.Timing.Rounds} rounds")}{(double.IsNaN(c.Error) ? "" : $"  error {c.Error:0.00}")}"));
    }

    public static FamilyReport Summary(string family, IReadOnlyCollection<Outcome> outcomes)
    {
        var rated = outcomes.Where(o => o.Ratio is not null).ToArray();
        var worst = rated.MinBy(o => o.Ratio);
        return new(family, rated.Length == 0 ? null : Math.Exp(rated.Average(o => Math.Log(o.Ratio!.Value))), worst?.Row.Name, worst?.Ratio,
            outcomes.Count, outcomes.Count(o => !o.Passes), outcomes.Count(o => o.IsSkipped));
    }

    public void Summary(FamilyReport f) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{f.Family,-13} geometric mean {Ratio(f.Mean)}, worst {Ratio(f.WorstRatio)} ({f.Worst ?? "none"}); {f.Rows} rows, {f.Failed} miss, {f.Skipped} skipped"));

    /// <summary>The geometric mean of some rows' ratios, and whether it is what is asked.</summary>
    public bool Mean(Criterion wanted, IReadOnlyCollection<Outcome> outcomes)
    {
        double[] ratios = [.. outcomes.Where(o => wanted.Holds(o.Row) && !o.IsSkipped).Select(o => o.Ratio ?? 0)];
        if (ratios.Length == 0) return true;
        double mean = ratios.Contains(0) ? 0 : Math.Exp(ratios.Average(Math.Log));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{wanted.Family,-13} {wanted.Rows}: mean {mean:0.00}, wanted {wanted.Value:0.00}{(mean < wanted.Value ? "  MISSES" : "")}"));
        return mean >= wanted.Value;
    }

    public static RowReport Report(Outcome o, int tries) => new(
        o.Row.Family, o.Row.Name, o.Row.Threads, o.Row.Wanted, o.Ratio, o.Tx?.Timing.Median * 1e6, o.Best?.Name, o.Best?.Timing.Median * 1e6, o.Share,
        o.Roof is null ? "none" : o.IsByBytes ? "bandwidth" : "peak", o.Scaling, Finite(o.Tx?.Error), o.Bound, o.Reason, o.Passes, tries, o.Missing,
        [.. o.Contenders.Select(c => new ContenderReport(c.Name, Finite(c.Timing.Median * 1e6), Finite(c.Timing.Min * 1e6), c.Timing.Spread, c.Timing.Rounds, Finite(c.Error)))]);

    private static string Wanted(Row row) => row.MostMicroseconds is { } most ? string.Create(CultureInfo.InvariantCulture, $"<{most:0}") : Ratio(row.Wanted);
    private static double? Finite(double? x) => x is { } v && double.IsFinite(v) ? v : null;
    private static string Number(double? x) => x is { } v ? v.ToString(v < 100 ? "0.00" : "0.0", CultureInfo.InvariantCulture) : "-";
    private static string Ratio(double? x) => x is { } v ? v.ToString(v < 100 ? "0.00" : "0", CultureInfo.InvariantCulture) : "-";
}
