using System.Globalization;
using System.Text;

namespace Tx.Bench.Peers.Rows;

/// <summary>A report as tables, one for each family: what <c>docs/performance.md</c> shows.</summary>
internal static class MarkdownTables
{
    public static string Of(Report report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{report.Processor}, {report.Date}; {string.Join("; ", report.Libraries)}.\n\n| family | geometric mean | worst | rows | miss | skipped |\n|---|---|---|---|---|---|\n");
        foreach (var f in report.Families)
            text.Append(CultureInfo.InvariantCulture, $"| {f.Family} | {Ratio(f.Mean)} | {Ratio(f.WorstRatio)}{(f.Worst is null ? "" : $" ({f.Worst})")} | {f.Rows} | {f.Failed} | {f.Skipped} |\n");
        foreach (var family in report.Rows.GroupBy(r => r.Family))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {family.Key}\n\n| row | tx µs | best peer | µs | ratio | share | |\n|---|---|---|---|---|---|---|\n");
            foreach (var r in family)
                text.Append(CultureInfo.InvariantCulture,
                    $"| {r.Row} | {Time(r.TxUs)} | {r.BestPeer ?? "–"} | {Time(r.BestUs)} | {Ratio(r.Ratio)} | {(r.Share is { } s ? $"{s.ToString("0 %", CultureInfo.InvariantCulture)} of {r.ShareOf}" : "–")} | {Remark(r)} |\n");
        }
        return text.ToString();
    }

    private static string Remark(RowReport r) => r.Reason is { } reason ? reason : r.Scaling is { } s ? string.Create(CultureInfo.InvariantCulture, $"{s:0.00} times one thread") : "";
    private static string Ratio(double? x) => x is { } v ? v.ToString("0.00", CultureInfo.InvariantCulture) : "–";
    private static string Time(double? x) => x is { } v ? v.ToString(v < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) : "–";
}
