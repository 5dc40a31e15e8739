using System.Numerics.Tensors;
using Tx.Runtime;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>Calls allocate nothing, and kernels leave nothing behind.</summary>
public sealed class CallCostTests
{
    private const int Calls = 100_000;

    private static void AssertNoAllocation(Action call)
    {
        for (int i = 0; i < 100; i++) call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Calls; i++) call();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
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
            try { Work(program, shared, t, rounds: 3); }
            catch (Exception e) { failures.Enqueue(e); }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.Empty(failures);
    }

    /// <summary>Calls a kernel that others call too, compiles one of its own and calls that.</summary>
    internal static void Work(TxProgram program, Kernel shared, int thread, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            var (m, k, n) = (1 + (thread + round) % 7, 3 + round % 5, 2 + thread);
            float[] a = Numbers(m * k, round), b = Numbers(k * n, thread), expected = Product(a, b, m, k, n), c = new float[m * n];
            for (int call = 0; call < 50; call++) shared.Invoke(new ReadOnlyTensorSpan<float>(a, [m, k]), new ReadOnlyTensorSpan<float>(b, [k, n]), c);
            AssertClose(expected, c);
            using var own = program["matmul"].Compile(new() { Sizes = { ["M"] = m, ["K"] = k, ["N"] = n } });
            Array.Clear(c);
            own.Invoke(a, b, c);
            AssertClose(expected, c);
        }
    }

    [Fact]
    public void Memory_does_not_grow_with_kernels()
    {
        using var program = Program();
        Compile(program, 20);
        long before = Resident();
        Compile(program, 60);
        // A kernel that stayed would keep a page of code, its tables and its program: 60 of them some megabytes; a heap may settle by as much.
        Assert.InRange(Resident() - before, long.MinValue, 24L << 20);
    }

    /// <summary>Compiles, calls, disposes.</summary>
    internal static void Compile(TxProgram program, int count)
    {
        float[] a = Numbers(12), b = Numbers(12), c = new float[12];
        for (int i = 0; i < count; i++)
        {
            // Sizes change, so that no two kernels share code.
            int m = 1 + i % 3, n = 1 + i / 3 % 4;
            using var kernel = program["add"].Compile(new() { Sizes = { ["M"] = m, ["N"] = n } });
            kernel.Invoke(a.AsSpan(0, m * n), b.AsSpan(0, m * n), c.AsSpan(0, m * n));
        }
    }

    /// <summary>Bytes of the process that lie in memory, without what the collector has yet to free.</summary>
    internal static long Resident()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        self.Refresh();
        return self.WorkingSet64;
    }
}
