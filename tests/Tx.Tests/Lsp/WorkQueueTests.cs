using Tx.Repl.Lsp;

namespace Tx.Tests.Lsp;

public class WorkQueueTests
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _log = new();

    private WorkQueue.Request Ask(string id, string? document, Action<CancellationToken>? run = null) =>
        new(id, document, token => { _log.Enqueue($"run {id}"); run?.Invoke(token); }, isStale => _log.Enqueue($"{(isStale ? "stale" : "cancelled")} {id}"));

    [Fact]
    public void Requests_AreAnsweredInOrderBeforeAnalyses()
    {
        using var queue = new WorkQueue((document, _) => _log.Enqueue($"analyse {document}"));
        queue.Changed("a", isEdit: true);
        queue.Add(Ask("1", "a"));
        queue.Add(Ask("2", null, _ => queue.Changed("b", isEdit: false)));
        queue.Add(Ask("3", "a"));
        queue.Add(Ask("4", null));
        Drain(queue, analyses: 2);
        Assert.Equal(["run 1", "run 2", "run 3", "run 4", "analyse b", "analyse a"], _log);
    }

    [Fact]
    public void WhatWasAskedAboutAnOldText_IsStale()
    {
        using var queue = new WorkQueue((_, _) => { });
        queue.Add(Ask("1", "a"));
        queue.Add(Ask("2", "b"));
        queue.Changed("a", isEdit: true);
        queue.Changed("b", isEdit: false);
        queue.Add(Ask("3", "a"));
        queue.Cancel("3");
        Drain(queue);
        Assert.Equal(["stale 1", "run 2", "cancelled 3"], _log);
    }

    [Fact]
    public void ARunningRequest_IsCancelled()
    {
        using var queue = new WorkQueue((_, _) => { });
        queue.Add(Ask("1", "a", token =>
        {
            queue.Cancel("1");
            token.ThrowIfCancellationRequested();
        }));
        queue.Add(Ask("2", "a", token =>
        {
            queue.Changed("a", isEdit: true);
            token.ThrowIfCancellationRequested();
        }));
        Drain(queue);
        Assert.Equal(["run 1", "cancelled 1", "run 2", "stale 2"], _log);
    }

    [Fact]
    public void AnAnalysis_IsInterruptedAndTakenUpAgain()
    {
        WorkQueue? queue = null;
        int runs = 0;
        using (queue = new((_, token) =>
        {
            if (runs++ == 0) queue!.Add(Ask("1", "a"));
            token.ThrowIfCancellationRequested();
            _log.Enqueue("analysed");
            queue!.Close();
        }))
        {
            queue.Changed("a", isEdit: true);
            queue.Run();
        }
        Assert.Equal(["run 1", "analysed"], _log);
    }

    // Closing does not wait for analyses, so that these are let through first.
    private void Drain(WorkQueue queue, int analyses = 0)
    {
        var thread = new Thread(queue.Run);
        thread.Start();
        SpinWait.SpinUntil(() => _log.Count(l => l.StartsWith("analyse", StringComparison.Ordinal)) >= analyses, TimeSpan.FromSeconds(20));
        queue.Close();
        Assert.True(thread.Join(TimeSpan.FromSeconds(20)));
    }
}
