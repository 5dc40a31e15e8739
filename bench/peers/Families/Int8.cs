using System.Globalization;
using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>
/// Products of <c>u8</c> by <c>i8</c>, added in <c>i32</c>. Each row is there for processors with an instruction for it and for those without: there, tx does as the peers, which clamp the sum of
/// each pair of products to 16 bits, and in the rows <c>exact-</c> it clamps nothing.
/// </summary>
internal static unsafe class Int8
{
    private static readonly int[] Sizes = [256, 512, 1024, 2048];
    private static readonly string[] Convolutions = ["C2", "C6", "C9"];

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (string kind in (string[])["vnni", "avx2", "exact"])
        {
            foreach (int n in Sizes)
            {
                yield return Make(bench, string.Create(CultureInfo.InvariantCulture, $"{n}x{n}x{n}"), kind, () => Matmul(bench, n, kind, isPacked: false));
                if (n is 512 or 1024) yield return Make(bench, string.Create(CultureInfo.InvariantCulture, $"packed-{n}x{n}x{n}"), kind, () => Matmul(bench, n, kind, isPacked: true));
            }
            foreach (var s in ConvShape.All.Where(s => Convolutions.Contains(s.Name))) yield return Make(bench, $"conv-{s.Name}", kind, () => Conv(bench, s, kind));
        }
    }

    private static Row Make(Workbench bench, string name, string kind, Func<Setup> build) => new("int8", kind == "exact" ? $"exact-{name}-avx2" : $"{name}-{kind}", 1, build)
    {
        Skip = kind == "vnni" == Processor.HasVnni ? null : kind == "vnni" ? "this processor has no VNNI; the row of AVX2 counts" : "this processor has VNNI; that row counts",
    };

    private static Setup Matmul(Workbench bench, int n, string kind, bool isPacked)
    {
        var (a, b, c) = (bench.Zeros(ElementType.U8, n, n), bench.Zeros(ElementType.I8, n, n), bench.Zeros(ElementType.I32, n, n));
        var pa = (byte*)a.Data;
        var pb = (sbyte*)b.Data;
        ArrayReference Exact() => ProductReference.Exact(n, n, n, (i, p) => pa[i * n + p], (p, j) => pb[p * n + j]);
        ArrayReference Reference() => kind == "avx2" ? ProductReference.Saturating(n, n, n, q => 2 * q, 1, (i, p) => pa[i * n + p], (p, j) => pb[p * n + j]) : Exact();
        var setup = Of(a, b, c, 2.0 * n * n * n, Exact);
        AddTx(bench, setup, $"int8.{(isPacked ? "packed." : "")}{kind}", new() { ["m"] = n, ["n"] = n, ["k"] = n }, a, b, c, Reference, isChecked: n <= 512);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package))
        {
            setup.Add(OneDnn.MatmulInt8(setup, n, n, n, false, a.Data, b.Data, c.Data));
            if (isPacked) setup.Add(OneDnn.MatmulInt8(setup, n, n, n, true, a.Data, b.Data, c.Data));
        }
        if (bench.Has(setup, OnnxRuntime.IsHere, OnnxRuntime.Package)) setup.Add(OnnxRuntime.Node(setup, bench.Threads, "MatMulInteger", a, b, isPacked, c));
        return setup;
    }

    private static Setup Conv(Workbench bench, ConvShape s, string kind)
    {
        NativeTensor x = bench.Zeros(ElementType.U8, 1, s.Channels, s.Size, s.Size), f = bench.Zeros(ElementType.I8, s.Results, s.Channels, s.Window, s.Window);
        var y = bench.Zeros(ElementType.I32, 1, s.Results, s.Out, s.Out);
        var px = (byte*)x.Data;
        var pf = (sbyte*)f.Data;
        int taps = s.Window * s.Window;
        int Pixel(int p, int at) => s.Source(p, at) is >= 0 and var i ? px[i] : 0;
        ArrayReference Exact() => ProductReference.Exact(s.Results, s.Out * s.Out, s.Depth, (o, p) => pf[o * s.Depth + p], (p, at) => Pixel(p, at));
        // Two channels beside each other are a pair.
        ArrayReference Reference() => kind == "avx2"
            ? ProductReference.Saturating(s.Results, s.Out * s.Out, s.Depth, q => q / taps * 2 * taps + q % taps, taps, (o, p) => pf[o * s.Depth + p], Pixel) : Exact();
        var setup = Of(x, f, y, s.Flop, Exact);
        AddTx(bench, setup, $"int8.conv.{kind}", s.Sizes, x, f, y, Reference, isChecked: true);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.ConvInt8(setup, s, x.Data, f.Data, y.Data));
        if (bench.Has(setup, OnnxRuntime.IsHere, OnnxRuntime.Package))
            setup.Add(OnnxRuntime.Node(setup, bench.Threads, "ConvInteger", x, f, isConstant: true, y, ("kernel_shape", [s.Window, s.Window]), ("pads", [s.Pad, s.Pad, s.Pad, s.Pad]), ("strides", [s.Stride, s.Stride])));
        return setup;
    }

    private static Setup Of(NativeTensor a, NativeTensor b, NativeTensor result, double flop, Func<ArrayReference> reference)
    {
        Narrow(a, b);
        var known = new Lazy<ArrayReference>(reference);
        var setup = new Setup { Flop = flop, Bytes = a.Bytes + b.Bytes + result.Bytes, Bound = "exact", Error = () => known.Value.ErrorOf<int>(result.AsSpan<int>()), Clear = result.Clear };
        foreach (var t in (NativeTensor[])[a, b, result]) setup.Own(t);
        setup.Contenders.Add(Roofs.Bytes());
        return setup;
    }

    // No sum of a pair of these leaves 16 bits, so that everybody computes the same.
    private static void Narrow(NativeTensor a, NativeTensor b)
    {
        Workbench.FillBytes(a, 1);
        Workbench.FillBytes(b, 2);
        foreach (ref byte v in a.AsBytes()) v &= 0x7F;
        foreach (ref sbyte v in b.AsSpan<sbyte>()) v = (sbyte)(v / 2);
    }

    // tx has to be right on all values, with the pairs of its own arithmetic; what it makes of its operands before the clock is made after this.
    private static void AddTx(Workbench bench, Setup setup, string key, Dictionary<string, long> sizes, NativeTensor a, NativeTensor b, NativeTensor result, Func<ArrayReference> reference, bool isChecked)
    {
        if (isChecked)
        {
            Workbench.FillBytes(a, 3);
            Workbench.FillBytes(b, 4);
            try
            {
                var wide = bench.PrepareTx(setup, key, sizes, [a, b], result);
                wide.Run();
                wide.Publish?.Invoke();
                if (reference().ErrorOf<int>(result.AsSpan<int>()) > 0) setup.NoOperator = "tx is wrong where operands take all values";
            }
            catch (MissingOperatorException e) { setup.NoOperator = e.Message; }
            Narrow(a, b);
            if (setup.NoOperator is not null) return;
        }
        bench.AddTx(setup, key, sizes, [a, b], result);
    }
}
