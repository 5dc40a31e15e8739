using System.Collections.Immutable;
using System.Diagnostics;

namespace Tx;

/// <summary>One measurement. Times are wall-clock microseconds of a call on warm data; compile time is not in them but beside them.</summary>
/// <param name="Operator">The operator, or the expression as it was written.</param>
/// <param name="Schedule">The schedule that compiled it; <c>default</c> where none was named.</param>
/// <param name="Shape">Dimensions with their sizes, in the order of the signature.</param>
/// <param name="Gflops">Billions of the operations that <see cref="FlopCount"/> counts, by the median time.</param>
/// <param name="PeakGflops">What this machine's fused multiply-add units reach on as many threads, measured in the same run.</param>
/// <param name="CompileMilliseconds">Lowering, code generation and loading of what was compiled for the measurement; 0 where the kernels were there, less
/// where their code was on disk.</param>
public sealed record BenchResult(
    string Operator, string Schedule, ImmutableArray<(string Name, long Size)> Shape, int Threads,
    double MedianMicroseconds, double MinMicroseconds, int Repetitions, double Gflops, double PeakGflops, double CompileMilliseconds)
{
    /// <summary>Of the tensors that are read and written, each counted once.</summary>
    public double Bytes { get; init; }

    public double FractionOfPeak => PeakGflops > 0 ? Gflops / PeakGflops : 0;
}

/// <summary>Times an action: some runs to warm up, then at least <see cref="MinRepetitions"/> until the budget is spent; where these take more than five times the budget, at
/// least <see cref="FewRepetitions"/>.</summary>
public static class Stopper
{
    public const int MinRepetitions = 7, FewRepetitions = 3;
    private const int MaxRepetitions = 100_000;

    /// <summary>Median and minimum in microseconds.</summary>
    public static (double Median, double Min, int Repetitions) Measure(Action action, TimeSpan budget, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        int warm = 0;
        do { action(); warm++; }
        while ((warm < 3 && Stopwatch.GetElapsedTime(start) < budget) || (Stopwatch.GetElapsedTime(start) < budget / 5 && warm < MaxRepetitions / 5));

        var times = new List<double>();
        start = Stopwatch.GetTimestamp();
        while (times.Count < (Stopwatch.GetElapsedTime(start) < 5 * budget ? MinRepetitions : FewRepetitions) || (Stopwatch.GetElapsedTime(start) < budget && times.Count < MaxRepetitions))
        {
            cancellation.ThrowIfCancellationRequested();
            long t = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(t).TotalMicroseconds);
        }
        times.Sort();
        int n = times.Count;
        double median = n % 2 == 1 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
        return (median, times[0], n);
    }
}
