using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;

namespace Tx.Bench.Peers.Families;

/// <summary>Pipelines over images: blur, unsharp mask, histogram.</summary>
internal static unsafe class Images
{
    private const int BlurHeight = 4830, BlurWidth = 6464, Height = 2560, Width = 1536;

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        yield return Memory.Make(bench, $"blur-{Memory.Plane(BlurHeight, BlurWidth)}", () => Blur(bench));
        yield return Memory.Make(bench, $"unsharp-3x{Memory.Plane(Height, Width)}", () => Unsharp(bench));
        yield return Memory.Make(bench, $"histogram-{Memory.Plane(Height, Width)}", () => Histogram(bench));
    }

    // 16 bits that wrap.
    private static Setup Blur(Workbench bench)
    {
        var (image, result) = (bench.Zeros(ElementType.U16, BlurHeight + 2, BlurWidth + 2), bench.Zeros(ElementType.U16, BlurHeight, BlurWidth));
        Workbench.FillBytes(image, 1);
        foreach (ref ushort v in image.AsSpan<ushort>()) v &= 0x3FFF;
        var reference = new Lazy<ArrayReference>(() =>
        {
            var p = (ushort*)image.Data;
            const int stride = BlurWidth + 2;
            double[] want = new double[BlurHeight * BlurWidth];
            ushort Across(int y, int x) => unchecked((ushort)((ushort)(p[y * stride + x] + p[y * stride + x + 1] + p[y * stride + x + 2]) / 3));
            for (int y = 0; y < BlurHeight; y++)
                for (int x = 0; x < BlurWidth; x++) want[y * BlurWidth + x] = unchecked((ushort)(Across(y, x) + Across(y + 1, x) + Across(y + 2, x))) / 3;
            return new(want);
        });
        var setup = Memory.Of(bench, [image], result, "exact", () => reference.Value.ErrorOf<ushort>(result.AsSpan<ushort>()));
        bench.AddTx(setup, "blur", new() { ["h"] = BlurHeight + 2, ["w"] = BlurWidth + 2 }, [image], result);
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, "blur", image, result));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Plane("blur", BlurHeight, BlurWidth, (nint)image.Data, (nint)result.Data));
        return setup;
    }

    private static Setup Unsharp(Workbench bench)
    {
        var (image, result) = (bench.Random(ElementType.F32, 1, 3, Height, Width), bench.Zeros(ElementType.F32, 3, Height, Width));
        foreach (ref float v in image.AsSpan<float>()) v = 0.55f + 0.45f * v;
        var setup = Memory.OfFloats(bench, [image], result, "2^-18 * (1 + |y|)", () => UnsharpReference((float*)image.Data));
        bench.AddTx(setup, "unsharp", new() { ["h"] = Height, ["w"] = Width }, [image], result);
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, "unsharp", image, result));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Plane("unsharp", Height, Width, (nint)image.Data, (nint)result.Data));
        return setup;
    }

    // Luma, a Gaussian of seven taps down and across, edges repeated.
    private static ArrayReference UnsharpReference(float* image)
    {
        const int area = Height * Width;
        const double sigma = 1.5;
        double[] weights = [.. Enumerable.Range(0, 4).Select(i => Math.Exp(-i * i / (2 * sigma * sigma)) / (Math.Sqrt(2 * Math.PI) * sigma))];
        double[] gray = new double[area], down = new double[area], want = new double[3 * area], allowed = new double[3 * area];
        for (int i = 0; i < area; i++) gray[i] = 0.299 * image[i] + 0.587 * image[area + i] + 0.114 * image[2 * area + i];
        for (int y = 0; y < Height; y++)
            for (int x = 0; x < Width; x++)
                for (int d = -3; d <= 3; d++) down[y * Width + x] += weights[Math.Abs(d)] * gray[Math.Clamp(y + d, 0, Height - 1) * Width + x];
        for (int y = 0; y < Height; y++)
            for (int x = 0; x < Width; x++)
            {
                double across = 0;
                for (int d = -3; d <= 3; d++) across += weights[Math.Abs(d)] * down[y * Width + Math.Clamp(x + d, 0, Width - 1)];
                int at = y * Width + x;
                for (int c = 0; c < 3; c++)
                {
                    want[c * area + at] = (2 * gray[at] - across) / gray[at] * image[c * area + at];
                    allowed[c * area + at] = (1 + Math.Abs(want[c * area + at])) / (1 << 18);
                }
            }
        return new(want, allowed);
    }

    private static Setup Histogram(Workbench bench)
    {
        var (image, result) = (bench.Zeros(ElementType.U8, Height, Width), bench.Zeros(ElementType.I32, 256));
        Workbench.FillBytes(image, 1);
        var reference = new Lazy<ArrayReference>(() =>
        {
            double[] want = new double[256];
            foreach (byte b in image.AsBytes()) want[b]++;
            return new(want);
        });
        var setup = Memory.Of(bench, [image], result, "exact", () => reference.Value.ErrorOf<int>(result.AsSpan<int>()));
        bench.AddTx(setup, "histogram", new() { ["h"] = Height, ["w"] = Width }, [image], result);
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, "histogram", image, result));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Plane("histogram", Height, Width, (nint)image.Data, (nint)result.Data));
        return setup;
    }
}
