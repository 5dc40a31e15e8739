using System.Text.Json.Serialization;

namespace Tx.Bench.Peers.Rows;

/// <summary>The shapes that are written and read as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(OneResult))]
[JsonSerializable(typeof(Report))]
internal sealed partial class PlainJson : JsonSerializerContext;

internal sealed record Report(string Processor, string Date, IReadOnlyList<string> Libraries, IReadOnlyList<FamilyReport> Families, IReadOnlyList<RowReport> Rows);

/// <param name="Mean">Geometric, of the ratios.</param>
internal sealed record FamilyReport(string Family, double? Mean, string? Worst, double? WorstRatio, int Rows, int Failed, int Skipped);

internal sealed record RowReport(
    string Family, string Row, int Threads, double? Wanted, double? Ratio, double? TxUs, string? BestPeer, double? BestUs, double? Share, string ShareOf, double? Scaling,
    double? Error, string Bound, string? Reason, bool Passes, int Tries, IReadOnlyList<string> Missing, IReadOnlyList<ContenderReport> Contenders);

/// <param name="Rounds">0: first look only.</param>
internal sealed record ContenderReport(string Name, double? Us, double? MinUs, double Spread, int Rounds, double? Error);
