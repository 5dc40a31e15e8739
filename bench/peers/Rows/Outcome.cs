using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Rows;

/// <summary>One contender of a row as measured.</summary>
/// <param name="Error">As a share of what is allowed; NaN: not asked.</param>
internal sealed record Measured(string Name, Side Side, Timing Timing, double Error)
{
    public bool IsRight => Error <= 1;
}

/// <summary>One try at a row.</summary>
/// <param name="Reason">Why there is no figure; null: there is one.</param>
internal sealed record Outcome(Row Row, IReadOnlyList<Measured> Contenders, IReadOnlyList<string> Missing, string? Reason, double Flop, double Bytes, string Bound)
{
    public Measured? Tx => Contenders.FirstOrDefault(c => c.Side == Side.Tx);
    /// <summary>The fastest peer whose result is right.</summary>
    public Measured? Best => Contenders.Where(c => c.Side == Side.Peer && c.IsRight).MinBy(c => c.Timing.Median);
    public double? Ratio => Tx is { IsRight: true } tx && Best is { } best ? best.Timing.Median / tx.Timing.Median : null;
    /// <summary>With two threads: the time of one thread by the time of two.</summary>
    public double? Scaling { get; init; }
    /// <summary>The peak or the bandwidth of the machine during this row.</summary>
    public double? Roof { get; init; }
    /// <summary>What tx reaches of it.</summary>
    public double? Share => Roof is { } roof && Tx is { } tx ? (IsByBytes ? Bytes : Flop) / tx.Timing.Median / roof : null;
    public bool IsByBytes { get; init; }
    public bool IsSkipped => Row.Skip is not null;
    /// <summary>Whether tx is right, fast enough and, with two threads, almost twice as fast.</summary>
    public bool Passes => IsSkipped || (Reason is null && Ratio is { } r && !(r < Row.Wanted) && !(Tx!.Timing.Median * 1e6 > Row.MostMicroseconds) && !(Scaling < WantedScaling));

    public const double WantedScaling = 1.9;
}
