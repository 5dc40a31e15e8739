using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>Transposition, and the sums of rows and columns.</summary>
internal static unsafe class Reshaping
{
    private static readonly int[] Sizes = [1024, 4096];

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (int n in Sizes) yield return Memory.Make(bench, $"transpose-{Memory.Plane(n, n)}", () => Transpose(bench, n));
        foreach (int n in Sizes) yield return Memory.Make(bench, $"row_sums-{Memory.Plane(n, n)}", () => Sums(bench, n, "row_sums", along: 1));
        foreach (int n in Sizes) yield return Memory.Make(bench, $"column_sums-{Memory.Plane(n, n)}", () => Sums(bench, n, "column_sums", along: 0));
    }

    private static Setup Transpose(Workbench bench, int n)
    {
        var (a, b) = (bench.Random(ElementType.F32, 1, n, n), bench.Zeros(ElementType.F32, n, n));
        float* from = (float*)a.Data, to = (float*)b.Data;
        var setup = Memory.OfFloats(bench, [a], b, "exact", () =>
        {
            double[] want = new double[(long)n * n];
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++) want[(long)j * n + i] = from[(long)i * n + j];
            return new(want);
        });
        bench.AddTx(setup, "transpose", new() { ["m"] = n, ["n"] = n }, [a], b);
        foreach (var blas in bench.Blas(setup))
            if (blas.Transpose(n, n, from, to) is { } copy) setup.Contenders.Add(new(blas.Name, Side.Peer, copy));
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.Transpose(setup, n, from, to));
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, $"transpose_{n}", a, b));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Square("transpose", n, from, to));
        return setup;
    }

    private static Setup Sums(Workbench bench, int n, string name, int along)
    {
        var (a, sums) = (bench.Random(ElementType.F32, 1, n, n), bench.Zeros(ElementType.F32, n));
        float* from = (float*)a.Data;
        var setup = Memory.OfFloats(bench, [a], sums, "N * 2^-24 * sum of |a|", () =>
        {
            double[] want = new double[n], allowed = new double[n];
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                {
                    int at = along == 1 ? i : j;
                    want[at] += from[(long)i * n + j];
                    allowed[at] += Math.Abs(from[(long)i * n + j]) * n / (1 << 24);
                }
            return new(want, allowed);
        });
        bench.AddTx(setup, name, new() { ["m"] = n, ["n"] = n }, [a], sums);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.Sums(setup, n, along, from, (float*)sums.Data));
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, $"{name}_{n}", a, sums));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Square(name, n, from, sums.Data));
        return setup;
    }
}
