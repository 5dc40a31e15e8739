using System.Collections.Concurrent;
using Tx.Core;
using Tx.Fuzz;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Random programs agree between evaluator, interpreter after every pass, and kernel.</summary>
public class FuzzTests
{
    private const ulong FirstSeed = 1_000;
    private const int Programs = 1_000;

    // Two at a time: each runner compiles on a thread of its own.
    [Theory, InlineData(0), InlineData(1)]
    public void RandomPrograms_Agree(int half)
    {
        var failures = new ConcurrentQueue<FuzzFailure>();
        var workers = Enumerable.Range(0, 2).Select(worker => new Thread(() =>
        {
            using var runner = new DifferentialRunner();
            int first = half * (Programs / 2) + worker * (Programs / 4);
            for (int i = first; i < first + Programs / 4 && failures.IsEmpty; i++)
                if (runner.Run(ProgramGenerator.Generate(FirstSeed + (ulong)i)) is { } failure) failures.Enqueue(failure);
        }, 256 << 20)).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        Assert.True(failures.IsEmpty, failures.FirstOrDefault()?.ToString());
    }

    [Fact]
    public void RandomPrograms_UseTheWholeLanguage()
    {
        var coverage = new ConstructCoverage();
        BigStack.Run(() =>
        {
            for (int i = 0; i < 2_000; i++) coverage.Add(ProgramGenerator.Generate(FirstSeed + (ulong)i));
        });
        Assert.Empty(coverage.Shares.Where(s => s.Share < 0.01).Select(s => $"{s.Construct}: {s.Share:P2}"));
    }

    // Tiny caches make small outputs stream past them and small sums get blocked.
    [Theory, InlineData(64, 32, 32 << 20), InlineData(16, 16, 32 << 20), InlineData(32, 16, 64)]
    public void RandomPrograms_AgreeForOtherMachines(int vectorBytes, int registers, int cacheBytes)
    {
        FuzzFailure? failure = null;
        BigStack.Run(() =>
        {
            using var runner = new DifferentialRunner(CpuTarget.Host() with
            {
                VectorBytes = vectorBytes, VectorRegisters = registers, L1Bytes = cacheBytes, L2Bytes = cacheBytes, L3Bytes = cacheBytes,
            });
            for (int i = 0; i < 40 && failure is null; i++) failure = runner.Run(ProgramGenerator.Generate(5_000 + (ulong)i));
        });
        Assert.True(failure is null, failure?.ToString());
    }

    [Fact]
    public void Generator_GivesTheSameProgramForASeed()
    {
        Assert.Equal(ProgramGenerator.Generate(42).Text, ProgramGenerator.Generate(42).Text);
        Assert.NotEqual(ProgramGenerator.Generate(42).Text, ProgramGenerator.Generate(43).Text);
    }
}
