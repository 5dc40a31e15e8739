namespace Tx.Bench.Peers.Measuring;

internal enum Side { Tx, Peer, Roof }

/// <summary>One way to compute a row.</summary>
/// <param name="Run">One call.</param>
internal sealed record Contender(string Name, Side Side, Action Run)
{
    /// <summary>Brings the result of <see cref="Run"/> to where the row looks for it; null: it is there.</summary>
    public Action? Publish { get; init; }
    /// <summary>Of a roof: operations of one call.</summary>
    public double Work { get; init; }
}

/// <summary>Seconds of one call.</summary>
/// <param name="Spread">Between the quartiles, as a share of the median.</param>
/// <param name="Rounds">0: only the first look was taken, because it was far from the fastest.</param>
internal sealed record Timing(double Median, double Min, double Spread, int Rounds);
