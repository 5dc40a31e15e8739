using System.Collections.Concurrent;
using Tx.Fuzz.Schedules;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Random schedules for random programs: what is accepted computes the same, what is refused is refused with a diagnostic.</summary>
public class ScheduleFuzzTests
{
    private const ulong FirstSeed = 1;
    private const int Pairs = 1_000;

    [Fact]
    public void RandomSchedules_Agree()
    {
        var failures = new ConcurrentQueue<ScheduleFailure>();
        var workers = Enumerable.Range(0, 2).Select(worker => new Thread(() =>
        {
            using var runner = new ScheduleRunner();
            new ScheduleCampaign(runner) { Permutes = true }.Run(FirstSeed + (ulong)(worker * Pairs / 2), Pairs / 2, stopsAtFailure: true, failures.Enqueue);
        }, 256 << 20)).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        Assert.True(failures.IsEmpty, failures.FirstOrDefault()?.ToString());
    }

    [Fact]
    public void EveryStep_KeepsWhatIsComputed()
    {
        ScheduleFailure? failure = null;
        BigStack.Run(() =>
        {
            using var runner = new ScheduleRunner { EveryStep = true, RunsKernels = false };
            new ScheduleCampaign(runner).Run(20_000, 60, stopsAtFailure: true, f => failure = f);
        });
        Assert.True(failure is null, failure?.ToString());
    }

    [Fact]
    public void RandomSchedules_UseEveryStep()
    {
        ScheduleStatistics? statistics = null;
        BigStack.Run(() =>
        {
            using var runner = new ScheduleRunner();
            var campaign = new ScheduleCampaign(runner) { OnlyApplies = true };
            campaign.Run(FirstSeed, 2_000, stopsAtFailure: false, _ => { });
            statistics = campaign.Statistics;
        });
        Assert.True(statistics!.AcceptedShare > 0.5, statistics.Print());
        Assert.True(statistics.ProvedShare > 0.95, statistics.Print());
        Assert.Empty(statistics.Shares.Where(s => s.Share < 0.02).Select(s => $"{s.Primitive}: {s.Share:P2}"));
        Assert.Empty(statistics.Contradictions);
        Assert.InRange(statistics.Missing.Count(), 0, 5);
    }

    [Fact]
    public void Pair_IsDecidedByItsSeed()
    {
        string[] texts = ["", "", ""];
        BigStack.Run(() =>
        {
            for (int n = 0; n < 2; n++)
            {
                using var runner = new ScheduleRunner();
                texts[n] = runner.Run(42, execute: false).Pair.Text;
                texts[2] = runner.Run(43, execute: false).Pair.Text;
            }
        });
        Assert.Equal(texts[0], texts[1]);
        Assert.NotEqual(texts[0], texts[2]);
    }

    [Fact]
    public void Shrinker_KeepsOnlyWhatFails()
    {
        SchedulePair? pair = null;
        BigStack.Run(() =>
        {
            using var runner = new ScheduleRunner();
            for (ulong seed = 1; pair is null; seed++)
                if (runner.Run(seed, execute: false) is { IsAccepted: true, Pair: { Lines.Length: > 5 } found } && found.Lines.Count(l => l.Primitive == "unroll") == 1) pair = found;
        });
        ScheduleFailure? Run(SchedulePair p) => p.Lines.Any(l => l.Primitive == "unroll") ? new(p, "an unrolled loop", "here", "it is unrolled") : null;
        var smallest = new ScheduleShrinker(Run).Shrink(Run(pair!)!).Pair;
        Assert.Equal("unroll", Assert.Single(smallest.Lines).Primitive);
        Assert.All(smallest.Program.Sizes.Values, n => Assert.InRange(n, 0, 1));
    }
}
