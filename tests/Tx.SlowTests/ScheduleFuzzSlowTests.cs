using System.Collections.Concurrent;
using Tx.Fuzz.Schedules;

namespace Tx.SlowTests;

/// <summary>More random schedules than the fast tests have time for; 20,000 are run by hand: <c>tx fuzz --schedules --count 20000</c>.</summary>
public sealed class ScheduleFuzzSlowTests
{
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
