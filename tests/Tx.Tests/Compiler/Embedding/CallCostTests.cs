using System.Numerics.Tensors;
using Tx.Runtime;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>What other tests allocate would count as well.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Calls allocate nothing, and kernels leave nothing behind.</summary>
[Collection(Alone.Name)]
public sealed class CallCostTests
{
    private const int Calls = 100_000;

    private static void AssertNoAllocation(Action call)
    {
        for (int i = 0; i < 100; i++) call();
        // A call that allocates does so in every round; the runtime may once, when it compiles a hot method again or collects beside the calls.
        long least = long.MaxValue;
        for (int round = 0; round < 5 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Calls; i++) call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public unsafe void A_call_allocates_nothing()
    {
        using var program = Program();
        using var symbolic = program["add"].Compile();
        using var known = program["add"].Compile(new() { Sizes = { ["M"] = 2, ["N"] = 2 } });
        float[] a = [1, 2, 3, 4], b = [5, 6, 7, 8], c = new float[4];
        Tensor<float> ta = Tensor.Create(a, [2, 2]), tb = Tensor.Create(b, [2, 2]), tc = Tensor.CreateFromShape<float>([2, 2]);
        var wide = Tensor.Create(Numbers(16), [4, 4]);
        AssertNoAllocation(() => known.Invoke(a, b, c));
        AssertNoAllocation(() => known.Invoke(a.AsSpan(), b, c.AsSpan()));
        AssertNoAllocation(() => known.Invoke(ta, tb, tc));
        AssertNoAllocation(() => symbolic.Invoke(ta, tb, tc));
        AssertNoAllocation(() => symbolic.Invoke(wide.AsTensorSpan().Slice([1..3, 1..3]), tb, tc));
        AssertNoAllocation(() =>
        {
            fixed (float* pa = a, pb = b, pc = c) known.Invoke(pa, pb, pc);
        });
        Assert.Equal([6f, 8f, 10f, 12f], c);
    }

    [Fact]
    public void Kernels_with_a_workspace_allocate_nothing_either()
    {
        using var program = Program();
        using var softmax = program["softmax"].Compile();
        var (x, y) = (Tensor.Create(Numbers(6), [2, 3]), Tensor.CreateFromShape<float>([2, 3]));
        AssertNoAllocation(() => softmax.Invoke(x, y));
    }

    [Fact]
    public void Threads_share_a_kernel_while_others_compile()
    {
        using var program = Program();
        using var shared = program["matmul"].Compile();
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            try { EmbeddingWork.Share(program, shared, t, rounds: 3); }
            catch (Exception e) { failures.Enqueue(e); }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.Empty(failures);
    }

    [Fact]
    public void Memory_does_not_grow_with_kernels()
    {
        // Numbers that no run before has kept kernels for.
        int first = Random.Shared.Next(1000, 8_000_000);
        EmbeddingWork.Compile(first, 20);
        // A program that stayed would keep its prover, its JIT and its code: a megabyte and more each, in every round. A heap may settle in one of them.
        long least = long.MaxValue;
        for (int round = 0; round < 3 && least > 24L << 20; round++)
        {
            long before = EmbeddingWork.Resident();
            EmbeddingWork.Compile(first + 20 + 40 * round, 40);
            least = Math.Min(least, EmbeddingWork.Resident() - before);
        }
        Assert.InRange(least, long.MinValue, 24L << 20);
    }
}
