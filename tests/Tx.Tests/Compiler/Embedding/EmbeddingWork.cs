using System.Numerics.Tensors;
using Tx.Runtime;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>What tests repeat, the slow ones many times.</summary>
internal static class EmbeddingWork
{
    /// <summary>Calls a kernel that others call too, compiles one of its own and calls that.</summary>
    internal static void Share(TxProgram program, Kernel shared, int thread, int rounds)
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
