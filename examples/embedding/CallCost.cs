using System.Diagnostics;
using System.Numerics.Tensors;
using Tx;

namespace Embedding;

/// <summary>What a call costs beside its arithmetic: three arguments of two dimensions, four elements each.</summary>
public static class CallCost
{
    private const int Calls = 100_000, Rounds = 9;

    public static unsafe void Print(TextWriter output)
    {
        using var program = TxProgram.Parse("op add(A: f32[M, N], B: f32[M, N]) -> C: f32[M, N] { C[i, j] = A[i, j] + B[i, j] }");
        using var all = program["add"].Compile();
        using var known = program["add"].Compile(new() { Sizes = { ["M"] = 2, ["N"] = 2 } });
        float[] a = [1, 2, 3, 4], b = [5, 6, 7, 8], c = new float[4];
        Tensor<float> x = Tensor.Create(a, [2, 2]), y = Tensor.Create(b, [2, 2]), z = Tensor.CreateFromShape<float>([2, 2]);
        fixed (float* fixedA = a, fixedB = b, fixedC = c)
        {
            float* pa = fixedA, pb = fixedB, pc = fixedC;
            Measure(output, "pointers", () => known.Invoke(pa, pb, pc));
        }
        Measure(output, "spans", () => known.Invoke(a.AsSpan(), b.AsSpan(), c.AsSpan()));
        Measure(output, "Tensor<T>", () => known.Invoke(x, y, z));
        Measure(output, "Tensor<T>, for all sizes", () => all.Invoke(x, y, z));
        Measure(output, "TensorSpan<T>, for all sizes", () => all.Invoke(x.AsReadOnlyTensorSpan(), y.AsReadOnlyTensorSpan(), z.AsTensorSpan()));
    }

    private static void Measure(TextWriter output, string what, Action call)
    {
        double best = double.MaxValue;
        long allocated = 0;
        // The first rounds are the compiler's of .NET.
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++) call();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Calls);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        output.WriteLine($"{what}: {best:0} ns a call, {allocated} bytes in {Calls} calls");
    }
}
