using System.Globalization;
using System.Numerics.Tensors;
using Tx.Runtime;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>What tests repeat, the slow ones many times.</summary>
internal static class EmbeddingWork
{
    /// <summary>Calls a kernel that others call too, compiles one of its own and calls that.</summary>
    public static void Share(TxProgram program, Kernel shared, int thread, int rounds)
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

    /// <summary>Loads, compiles, calls, disposes: programs that no cache has met, each with a number of its own.</summary>
    public static void Compile(int first, int count)
    {
        float[] a = [1, 2, 3, 4], b = [5, 6, 7, 8], c = new float[4];
        for (int i = first; i < first + count; i++)
        {
            using var program = TxProgram.Parse(string.Create(CultureInfo.InvariantCulture, $"op f(A: f32[M, N], B: f32[M, N]) -> C: f32[M, N] {{ C[i, j] = A[i, j] * {i} + B[i, j] }}"));
            using var kernel = program["f"].Compile(new() { Sizes = { ["M"] = 2, ["N"] = 2 } });
            kernel.Invoke(a, b, c);
            Assert.Equal(4f * i + 8, c[3]);
        }
    }

    /// <summary>Bytes of the process that lie in memory, without what the collector has yet to free.</summary>
    public static long Resident()
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
