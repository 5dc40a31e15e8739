using System.Diagnostics;

namespace Tx.Bench.Peers.Measuring;

/// <summary>Time as it passes, for work that other processes do.</summary>
internal static class WallClock
{
    public static double Of(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
