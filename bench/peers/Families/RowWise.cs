using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>Softmax, layer norm, and GELU after a bias.</summary>
internal static unsafe class RowWise
{
    private const double Ulp = 1.0 / (1 << 24);

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (var (rows, columns) in ((int, int)[])[(1024, 1024), (128, 30522)])
            yield return Memory.Make(bench, $"softmax-{Memory.Plane(rows, columns)}", () => Softmax(bench, rows, columns));
        yield return Memory.Make(bench, "layer_norm-512x768", () => LayerNorm(bench, 512, 768));
        yield return Memory.Make(bench, "bias_gelu-512x3072", () => BiasGelu(bench, 512, 3072));
    }

    private static Setup Softmax(Workbench bench, int rows, int columns)
    {
        var (a, y) = (bench.Random(ElementType.F32, 1, rows, columns), bench.Zeros(ElementType.F32, rows, columns));
        foreach (ref float x in a.AsSpan<float>()) x *= 4;
        var setup = Memory.OfFloats(bench, [a], y, "(64 + N/16) * 2^-24, relative", () => EachRow(rows, columns, a, (x, want, allowed) =>
        {
            double peak = x.Max(), total = x.Sum(v => Math.Exp(v - peak));
            for (int j = 0; j < columns; j++)
            {
                want[j] = Math.Exp(x[j] - peak) / total;
                allowed[j] = (64 + columns / 16) * Ulp * want[j];
            }
        }));
        string shape = Memory.Plane(rows, columns);
        bench.AddTx(setup, "softmax", Sizes(rows, columns), [a], y);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.Softmax(setup, rows, columns, (float*)a.Data, (float*)y.Data));
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, $"softmax_{shape}", a, y));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Plane("softmax", rows, columns, (nint)a.Data, (nint)y.Data));
        return setup;
    }

    private static Setup LayerNorm(Workbench bench, int rows, int columns)
    {
        var (a, y) = (bench.Random(ElementType.F32, 1, rows, columns), bench.Zeros(ElementType.F32, rows, columns));
        var (gamma, beta) = (bench.Random(ElementType.F32, 2, columns), bench.Random(ElementType.F32, 3, columns));
        var setup = Memory.OfFloats(bench, [a, gamma, beta], y, "(64 + N/16) * 2^-24 * (1 + |y| + |beta|)", () =>
        {
            var (g, b) = (gamma.AsSpan<float>().ToArray(), beta.AsSpan<float>().ToArray());
            return EachRow(rows, columns, a, (x, want, allowed) =>
            {
                double mean = x.Average(), scale = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + 1e-5);
                for (int j = 0; j < columns; j++)
                {
                    want[j] = (x[j] - mean) * scale * g[j] + b[j];
                    allowed[j] = (64 + columns / 16) * Ulp * (1 + Math.Abs(want[j]) + Math.Abs(b[j]));
                }
            });
        });
        bench.AddTx(setup, "layer_norm", Sizes(rows, columns), [a, gamma, beta], y);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.LayerNorm(setup, rows, columns, (float*)a.Data, (float*)gamma.Data, (float*)beta.Data, (float*)y.Data));
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, $"layer_norm_{Memory.Plane(rows, columns)}", a, gamma, beta, y));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package))
            setup.Add(ClangKernels.Plane("layer_norm", rows, columns, (nint)a.Data, (nint)gamma.Data, (nint)beta.Data, (nint)y.Data));
        return setup;
    }

    private static Setup BiasGelu(Workbench bench, int rows, int columns)
    {
        var (a, y, bias) = (bench.Random(ElementType.F32, 1, rows, columns), bench.Zeros(ElementType.F32, rows, columns), bench.Random(ElementType.F32, 2, columns));
        foreach (ref float x in a.AsSpan<float>()) x *= 4;
        var setup = Memory.OfFloats(bench, [a, bias], y, "2^-20 * (1 + |x + b|)", () =>
        {
            float[] b = bias.AsSpan<float>().ToArray();
            return EachRow(rows, columns, a, (x, want, allowed) =>
            {
                for (int j = 0; j < columns; j++)
                {
                    double v = x[j] + b[j];
                    want[j] = 0.5 * v * (1 + ErrorFunction(v * Math.Sqrt(0.5)));
                    allowed[j] = 16 * Ulp * (1 + Math.Abs(v));
                }
            });
        });
        bench.AddTx(setup, "bias_gelu", Sizes(rows, columns), [a, bias], y);
        if (bench.Has(setup, OneDnn.IsHere, OneDnn.Package)) setup.Add(OneDnn.BiasGelu(setup, rows, columns, (float*)a.Data, (float*)bias.Data, (float*)y.Data));
        if (bench.Has(setup, HalidePipelines.IsHere, HalidePipelines.Package)) setup.Add(HalidePipelines.Of(setup, $"bias_gelu_{Memory.Plane(rows, columns)}", a, bias, y));
        if (bench.Has(setup, ClangKernels.IsHere, ClangKernels.Package)) setup.Add(ClangKernels.Plane("bias_gelu", rows, columns, (nint)a.Data, (nint)bias.Data, (nint)y.Data));
        return setup;
    }

    private static Dictionary<string, long> Sizes(int rows, int columns) => new() { ["m"] = rows, ["n"] = columns };

    private static ArrayReference EachRow(int rows, int columns, NativeTensor a, Action<double[], Span<double>, Span<double>> compute)
    {
        double[] want = new double[(long)rows * columns], allowed = new double[want.Length], row = new double[columns];
        for (int i = 0; i < rows; i++)
        {
            var from = a.AsSpan<float>((long)i * columns, columns);
            for (int j = 0; j < columns; j++) row[j] = from[j];
            compute(row, want.AsSpan(i * columns, columns), allowed.AsSpan(i * columns, columns));
        }
        return new(want, allowed);
    }

    // By its series, exact to 1e-14 for the arguments here.
    private static double ErrorFunction(double x)
    {
        if (Math.Abs(x) > 5) return Math.Sign(x);
        double term = x, sum = x;
        for (int n = 1; n < 200 && Math.Abs(term) > 1e-18; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return sum * 2 / Math.Sqrt(Math.PI);
    }
}
