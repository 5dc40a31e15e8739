using System.Collections.Concurrent;
using Tx.Fuzz.Schedules;

namespace Tx.SlowTests;

/// <summary>More random schedules than the fast tests have time for; 20,000 are run by hand: <c>tx fuzz --schedules --count 20000</c>.</summary>
public sealed class ScheduleFuzzSlowTests
{
    /// <summary>Over 20,000 pairs all primitives that can combine occur together twenty times.</summary>
    [Fact]
    public void RandomSchedules_CombineAllSteps()
    {
        ScheduleStatistics? statistics = null;
        var worker = new Thread(() =>
        {
            using var runner = new ScheduleRunner();
            var campaign = new ScheduleCampaign(runner) { OnlyApplies = true };
            campaign.Run(1, 20_000, stopsAtFailure: false, _ => { });
            statistics = campaign.Statistics;
        }, 256 << 20);
        worker.Start();
        worker.Join();
        Assert.True(!statistics!.Missing.Any() && !statistics.Contradictions.Any() && statistics.Failed == 0, statistics.Print());
    }

    [Fact]
    public void RandomSchedules_Agree()
    {
        const int pairs = 5_000;
        var failures = new ConcurrentQueue<ScheduleFailure>();
        int count = Math.Max(1, Environment.ProcessorCount / 2);
        var workers = Enumerable.Range(0, count).Select(worker => new Thread(() =>
        {
            using var runner = new ScheduleRunner();
            new ScheduleCampaign(runner) { Permutes = true }.Run(100_000 + (ulong)(worker * (pairs / count)), pairs / count, stopsAtFailure: true, failures.Enqueue);
        }, 256 << 20)).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        Assert.True(failures.IsEmpty, failures.FirstOrDefault()?.ToString());
    }
}
