using System.Collections.Concurrent;
using System.Diagnostics;
using Tx.Tests.Compiler.Embedding;
using Xunit.Abstractions;

namespace Tx.SlowTests;

/// <summary>Threads and memory of the embedding API, for longer than the fast tests have time.</summary>
public sealed class EmbeddingSlowTests(ITestOutputHelper output)
{
    [Fact]
    public void Eight_threads_share_a_kernel_for_a_minute_while_they_compile_others()
    {
        using var program = EmbeddingFixture.Program();
        using var shared = program["matmul"].Compile();
        var failures = new ConcurrentQueue<Exception>();
        var clock = Stopwatch.StartNew();
        int rounds = 0;
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            try
            {
                while (clock.Elapsed < TimeSpan.FromMinutes(1) && failures.IsEmpty)
                {
                    EmbeddingWork.Share(program, shared, t, rounds: 1);
                    Interlocked.Increment(ref rounds);
                }
            }
            catch (Exception e) { failures.Enqueue(e); }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        output.WriteLine($"{rounds} kernels compiled, each between 50 calls of the shared one");
        Assert.Empty(failures);
        Assert.True(rounds >= 8);
    }

    [Fact]
    public void Memory_is_flat_over_3000_compiles()
    {
        // What is compiled goes to a cache of this test, which is empty.
        string cache = Directory.CreateTempSubdirectory("tx-cache-").FullName;
        string? usual = Environment.GetEnvironmentVariable("TX_CACHE");
        Environment.SetEnvironmentVariable("TX_CACHE", cache);
        try
        {
            // The heaps of .NET and of LLVM take some hundreds to settle.
            EmbeddingWork.Compile(1, 999);
            long before = EmbeddingWork.Resident();
            for (int thousand = 1; thousand <= 3; thousand++)
            {
                EmbeddingWork.Compile(1000 * thousand, 1000);
                output.WriteLine($"after {1000 * thousand} compiles: {(EmbeddingWork.Resident() - before) / 1024.0 / 1024:0.0} MiB more than at the start");
            }
            // A kernel that stayed would keep a page of code at least, and its program: more than 10 KiB each.
            Assert.InRange(EmbeddingWork.Resident() - before, long.MinValue, 20L << 20);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TX_CACHE", usual);
            Directory.Delete(cache, recursive: true);
        }
    }
}
