using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;

namespace Tx.Bench.Peers.Families;

/// <summary>Products of matrices of 0 and 1, as bits in tx, as single precision with weights packed before in the others.</summary>
internal static unsafe class OneBit
{
    private const int N = 1024;

    public static IEnumerable<Row> Rows(Workbench bench) => [new("one-bit", "1024x1024x1024", 1, () => Build(bench))];

    private static Setup Build(Workbench bench)
    {
        // B is stored transposed: bits lie along the sum.
        var (a, b, counts) = (bench.Zeros(ElementType.U8, N, N), bench.Zeros(ElementType.U8, N, N), bench.Zeros(ElementType.I32, N, N));
        var (fa, fb, fc) = (bench.Zeros(ElementType.F32, N, N), bench.Zeros(ElementType.F32, N, N), bench.Zeros(ElementType.F32, N, N));
        Workbench.FillBytes(a, 1);
        Workbench.FillBytes(b, 2);
        byte* pa = (byte*)a.Data, pb = (byte*)b.Data;
        float* pfa = (float*)fa.Data, pfb = (float*)fb.Data, pfc = (float*)fc.Data;
        for (int i = 0; i < N * N; i++)
        {
            (pa[i], pb[i]) = ((byte)(pa[i] & 1), (byte)(pb[i] & 1));
            pfa[i] = pa[i];
            pfb[i % N * N + i / N] = pb[i];
        }
        var reference = new Lazy<ArrayReference>(() => ProductReference.Exact(N, N, N, (i, p) => pa[i * N + p], (p, j) => pb[j * N + p]));
        // Whoever ran has filled one of the two; the other one is empty.
        double Error() => Math.Min(reference.Value.ErrorOf<int>(counts.AsSpan<int>()), reference.Value.ErrorOf<float>(fc.AsSpan<float>()));
        var setup = new Setup
        {
            Flop = 2.0 * N * N * N, Bytes = (2.0 * N * N / 8) + counts.Bytes, Bound = "exact", Error = Error,
            Clear = () => { counts.Clear(); fc.Clear(); },
        };
        foreach (var t in (Runtime.NativeTensor[])[a, b, counts, fa, fb, fc]) setup.Own(t);
        setup.Contenders.Add(Roofs.MultiplyAdd());
        bench.AddTx(setup, "one-bit", new() { ["m"] = N, ["n"] = N, ["k"] = N }, [a, b], counts);
        foreach (var blas in bench.Blas(setup)) setup.Contenders.Add(new(blas.Name, Side.Peer, () => blas.Gemm(N, N, N, false, false, pfa, pfb, pfc)));
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package))
            foreach (bool isPacked in (bool[])[false, true]) setup.Add(OneDnn.Matmul(setup, N, N, N, false, false, isPacked, pfa, pfb, pfc));
        if (bench.Has(setup, OnnxRuntime.IsHere, OnnxRuntime.Package)) setup.Add(OnnxRuntime.Node(setup, bench.Threads, "MatMul", fa, fb, isConstant: true, fc));
        return setup;
    }
}
