using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>Convolutions of single precision: those of ResNet-18, one image. A row of Winograd's method is beside the best peer of any method.</summary>
internal static unsafe class Conv
{
    private static readonly string[] Winograd = ["C2", "C6", "C9", "C12"];

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (var s in ConvShape.All) yield return new("conv", s.Name, 1, () => Build(bench, s, "conv"));
        foreach (var s in ConvShape.All.Where(s => Winograd.Contains(s.Name))) yield return new("conv", $"winograd-{s.Name}", 1, () => Build(bench, s, "winograd"));
    }

    private static Setup Build(Workbench bench, ConvShape s, string method)
    {
        NativeTensor x = bench.Random(ElementType.F32, 1, 1, s.Channels, s.Size, s.Size), f = bench.Random(ElementType.F32, 2, s.Results, s.Channels, s.Window, s.Window);
        var y = bench.Zeros(ElementType.F32, 1, s.Results, s.Out, s.Out);
        float* px = (float*)x.Data, pf = (float*)f.Data;
        var reference = new Lazy<ProductReference>(() => new(s.Results, s.Out * s.Out, s.Depth, (o, p) => pf[o * s.Depth + p], (p, at) => s.Source(p, at) is >= 0 and var i ? px[i] : 0));
        var setup = new Setup
        {
            Flop = s.Flop, Bytes = x.Bytes + f.Bytes + y.Bytes, Bound = "(CRS + 1) * 2^-24 * |window| * |filter|",
            Error = () => reference.Value.ErrorOf(y.AsSpan<float>()), Clear = y.Clear,
        };
        foreach (var t in (NativeTensor[])[x, f, y]) setup.Own(t);
        setup.Contenders.Add(Roofs.MultiplyAdd());
        bench.AddTx(setup, method, s.Sizes, [x, f], y);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package))
        {
            setup.Add(OneDnn.Conv(setup, "onednn-blocked", s, ConvAlgorithm.Direct, isPlain: false, x.Data, f.Data, y.Data));
            setup.Add(OneDnn.Conv(setup, "onednn-plain", s, ConvAlgorithm.Direct, isPlain: true, x.Data, f.Data, y.Data));
            if (method == "winograd") setup.Add(OneDnn.Conv(setup, "onednn-winograd", s, ConvAlgorithm.Winograd, isPlain: false, x.Data, f.Data, y.Data));
        }
        if (bench.Has(setup, OnnxRuntime.IsHere, OnnxRuntime.Package))
            setup.Add(OnnxRuntime.Node(setup, bench.Threads, "Conv", x, f, isConstant: true, y, ("kernel_shape", [s.Window, s.Window]), ("pads", [s.Pad, s.Pad, s.Pad, s.Pad]), ("strides", [s.Stride, s.Stride])));
        return setup;
    }
}
