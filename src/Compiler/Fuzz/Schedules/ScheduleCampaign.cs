using System.Globalization;

namespace Tx.Fuzz.Schedules;

/// <summary>Runs the pairs of a range of seeds, each by itself: a range can be cut and continued anywhere.</summary>
public sealed class ScheduleCampaign(ScheduleRunner runner)
{
    private const int ProgressEvery = 100;

    public ScheduleStatistics Statistics { get; } = new();

    /// <summary>The schedules are only applied, and nothing is run.</summary>
    public bool OnlyApplies { get; init; }

    /// <summary>Two steps of each accepted schedule that have nothing to do with each other are exchanged.</summary>
    public bool Permutes { get; init; }

    public int Permuted { get; private set; }

    /// <param name="report">Called for each failure.</param>
    /// <param name="progress">Called now and then with a line about how far it is.</param>
    /// <returns>Pairs until the end, or until the first failure.</returns>
    public int Run(ulong seed, int count, bool stopsAtFailure, Action<ScheduleFailure> report, Action<string>? progress = null)
    {
        for (int n = 0; n < count; n++)
        {
            var outcome = runner.Run(unchecked(seed + (ulong)n), !OnlyApplies);
            if (Permutes && outcome is { IsAccepted: true, Failure: null })
            {
                var (done, failure) = StepPermutation.Try(runner, outcome);
                if (done) Permuted++;
                if (failure is not null) outcome = outcome with { Failure = failure };
            }
            Statistics.Add(outcome);
            if (outcome.Failure is { } found)
            {
                report(found);
                if (stopsAtFailure) return n + 1;
            }
            if ((n + 1) % ProgressEvery == 0)
                progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{n + 1} of {count}: {Statistics.Accepted} accepted, {Statistics.Failed} fail"));
        }
        return count;
    }
}
