using System.Globalization;
using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>Products of matrices in single precision.</summary>
internal static unsafe class Matmul
{
    private static readonly int[] Squares = [64, 128, 256, 512, 1024, 2048];
    // Sizes of ResNet-18's convolutions as products, of a transformer's layers, and some that no tile divides.
    private static readonly (int M, int N, int K)[] Shapes =
        [(64, 3136, 576), (128, 784, 1152), (256, 196, 2304), (512, 49, 4608), (128, 768, 768), (127, 127, 127), (509, 509, 509), (1021, 1021, 1021), (333, 77, 1000)];
    private static readonly (int M, int N, int K)[] Skinny = [(1, 4096, 4096), (4, 4096, 4096), (16, 4096, 4096)];
    private static readonly (int M, int N, int K)[] Packed = [(512, 512, 512), (1024, 1024, 1024), (64, 3136, 576), (1, 4096, 4096), (16, 4096, 4096), (128, 768, 768)];

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (int n in Squares) yield return Make(bench, n, n, n, "nn");
        foreach (var (m, n, k) in Shapes.Concat(Skinny)) yield return Make(bench, m, n, k, "nn");
        foreach (int n in (int[])[512, 1024])
            foreach (string form in (string[])["tn", "nt", "tt"]) yield return Make(bench, n, n, n, form);
        foreach (var (m, n, k) in Skinny.Append((128, 768, 768))) yield return Make(bench, m, n, k, "nt");
        foreach (var (m, n, k) in Packed) yield return Make(bench, m, n, k, "packed");
        foreach (int n in (int[])[512, 1024, 2048]) yield return Make(bench, n, n, n, "nn", threads: 2);
        yield return Make(bench, 512, 512, 512, "tn", threads: 2);
        yield return Make(bench, 1024, 1024, 1024, "packed", threads: 2);
    }

    private static Row Make(Workbench bench, int m, int n, int k, string form, int threads = 1) =>
        new("matmul", string.Create(CultureInfo.InvariantCulture, $"{(form == "nn" ? "" : form + "-")}{m}x{n}x{k}{(threads > 1 ? $"-t{threads}" : "")}"), threads,
            () => Build(bench, m, n, k, form));

    private static Setup Build(Workbench bench, int m, int n, int k, string form)
    {
        bool isPacked = form == "packed";
        var (ta, tb) = isPacked ? (false, false) : (form[0] == 't', form[1] == 't');
        var a = bench.Random(ElementType.F32, 1, ta ? [k, m] : [m, k]);
        var b = bench.Random(ElementType.F32, 2, tb ? [n, k] : [k, n]);
        var c = bench.Zeros(ElementType.F32, m, n);
        float* pa = (float*)a.Data, pb = (float*)b.Data, pc = (float*)c.Data;
        var reference = new Lazy<ProductReference>(() => new(m, n, k,
            (i, p) => pa[ta ? (long)p * m + i : (long)i * k + p], (p, j) => pb[tb ? (long)j * k + p : (long)p * n + j]));
        var setup = new Setup
        {
            Flop = 2.0 * m * n * k, Bytes = 4.0 * ((double)m * k + (double)k * n + (double)m * n), Bound = ProductReference.Bound,
            Error = () => reference.Value.ErrorOf(c.AsSpan<float>()), Clear = () => c.AsSpan<float>().Clear(),
        };
        foreach (var t in (NativeTensor[])[a, b, c]) setup.Own(t);

        bench.AddTx(setup, $"matmul.{form}", new() { ["m"] = m, ["n"] = n, ["k"] = k }, [a, b], c);
        setup.Contenders.Add(Roofs.MultiplyAdd());
        foreach (var blas in bench.Blas(setup))
        {
            setup.Contenders.Add(new(blas.Name, Side.Peer, () => blas.Gemm(m, n, k, ta, tb, pa, pb, pc)));
            if (m == 1) setup.Contenders.Add(new($"{blas.Name}-gemv", Side.Peer, () => blas.Gemv(n, k, tb, pa, pb, pc)));
        }
        if (bench.Has(setup, OnnxRuntime.IsHere, OnnxRuntime.Package))
            setup.Add(ta || tb ? OnnxRuntime.Node(setup, bench.Threads, "Gemm", a, b, false, c, ("transA", [ta ? 1 : 0]), ("transB", [tb ? 1 : 0]))
                : OnnxRuntime.Node(setup, bench.Threads, "MatMul", a, b, isPacked, c));
        if (!bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) return setup;
        setup.Contenders.Add(OneDnn.Sgemm(m, n, k, ta, tb, pa, pb, pc));
        setup.Add(OneDnn.Matmul(setup, m, n, k, ta, tb, false, pa, pb, pc));
        if (isPacked) setup.Add(OneDnn.Matmul(setup, m, n, k, ta, tb, true, pa, pb, pc));
        return setup;
    }
}
