using System.Diagnostics;

namespace Tx.Bench.Peers.Measuring;

/// <summary>How long to measure.</summary>
/// <param name="Budget">For each contender.</param>
internal sealed record Effort(TimeSpan Budget, int MinRounds)
{
    public static Effort Usual { get; } = new(TimeSpan.FromSeconds(0.25), 9);
    public static Effort Quick { get; } = new(TimeSpan.FromSeconds(0.05), 5);
}

/// <summary>Measures contenders in rounds: each in its turn, another one first in every round.</summary>
internal static class Rounds
{
    private const int MaxRounds = 400;
    // Shorter samples are repeated until they are this long.
    private const double SampleSeconds = 300e-6;
    // A peer that is this much slower than the fastest one will not be the best.
    private const double Hopeless = 1.5;

    /// <summary>By processor time of this thread; samples that were interrupted count only where there are too few others.</summary>
    public static Timing[] Interleaved(IReadOnlyList<Contender> contenders, Effort effort)
    {
        var (looks, live) = Look(contenders);
        int[] repeats = [.. looks.Select(t => Math.Clamp((int)(SampleSeconds / Math.Max(t, 1e-8)), 1, 20_000))];
        var all = contenders.Select(_ => new List<double>()).ToArray();
        var clean = contenders.Select(_ => new List<double>()).ToArray();

        long start = Stopwatch.GetTimestamp();
        int rounds = 0;
        while (rounds < effort.MinRounds || (rounds < MaxRounds && Stopwatch.GetElapsedTime(start) < effort.Budget * live.Length))
        {
            for (int turn = 0; turn < live.Length; turn++)
            {
                int i = live[(turn + rounds) % live.Length];
                var run = contenders[i].Run;
                run(); // its data and code come back into the caches
                long interrupted = ThreadClock.Preemptions;
                double t = ThreadClock.Seconds;
                for (int n = 0; n < repeats[i]; n++) run();
                t = (ThreadClock.Seconds - t) / repeats[i];
                all[i].Add(t);
                if (ThreadClock.Preemptions == interrupted) clean[i].Add(t);
            }
            rounds++;
        }
        return [.. Enumerable.Range(0, contenders.Count).Select(i => all[i].Count == 0 ? new Timing(looks[i], looks[i], 0, 0) : Of(clean[i].Count >= 5 ? clean[i] : all[i]))];
    }

    /// <summary>Seconds of a call of each, and which of them are worth measuring: not peers that are far from the fastest peer.</summary>
    public static (double[] Seconds, int[] Live) Look(IReadOnlyList<Contender> contenders)
    {
        var looks = contenders.Select(FirstLook).ToArray();
        double fastest = contenders.Select((c, i) => c.Side == Side.Peer ? looks[i] : double.MaxValue).DefaultIfEmpty(double.MaxValue).Min();
        return (looks, [.. Enumerable.Range(0, contenders.Count).Where(i => contenders[i].Side != Side.Peer || looks[i] <= fastest * Hopeless)]);
    }

    /// <summary>By wall time, for a contender that has this process for itself.</summary>
    public static Timing Alone(Contender contender, Effort effort)
    {
        long begin = Stopwatch.GetTimestamp();
        contender.Run();
        contender.Run();
        double look = Stopwatch.GetElapsedTime(begin).TotalSeconds / 2;
        int repeats = Math.Clamp((int)(SampleSeconds / Math.Max(look, 1e-8)), 1, 20_000);
        var times = new List<double>();
        begin = Stopwatch.GetTimestamp();
        while (times.Count < effort.MinRounds || (times.Count < MaxRounds && Stopwatch.GetElapsedTime(begin) < effort.Budget * 2))
        {
            long t = Stopwatch.GetTimestamp();
            for (int n = 0; n < repeats; n++) contender.Run();
            times.Add(Stopwatch.GetElapsedTime(t).TotalSeconds / repeats);
        }
        return Of(times);
    }

    private static double FirstLook(Contender c)
    {
        double best = double.MaxValue;
        for (int look = 0; look < 2; look++)
        {
            c.Run();
            double t = ThreadClock.Seconds;
            c.Run();
            best = Math.Min(best, ThreadClock.Seconds - t);
        }
        return best;
    }

    private static Timing Of(List<double> times)
    {
        times.Sort();
        int n = times.Count;
        double median = n % 2 == 1 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
        return new(median, times[0], (times[n * 3 / 4] - times[n / 4]) / median, n);
    }
}
