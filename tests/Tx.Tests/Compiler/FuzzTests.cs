using Tx.Core;
using Tx.Fuzz;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Random programs agree between evaluator, interpreter after every pass, and kernel.</summary>
public class FuzzTests
{
    private const ulong FirstSeed = 1_000;

    [Theory, InlineData(0), InlineData(50), InlineData(100), InlineData(150)]
    public void RandomPrograms_Agree(int offset)
    {
        FuzzFailure? failure = null;
        BigStack.Run(() =>
        {
            using var runner = new DifferentialRunner();
            for (int i = 0; i < 50 && failure is null; i++) failure = runner.Run(ProgramGenerator.Generate(FirstSeed + (ulong)(offset + i)));
        });
        Assert.True(failure is null, failure?.ToString());
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
