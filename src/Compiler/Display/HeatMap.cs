using System.Xml.Linq;
using Tx.Runtime;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>Matrices as pictures: each cell is the mean of the elements under it, and shows a NaN or an infinity where there is one.</summary>
internal static class HeatMap
{
    private const int MaxCells = 96;
    private const double Side = 220;

    /// <summary>The last two dimensions, for the first indices of those before them.</summary>
    public static XElement Of(NativeTensor tensor, TensorSummary summary, int maxSlices)
    {
        long columns = tensor.Shape[^1], rows = tensor.Shape[^2], slices = tensor.Count / (rows * columns);
        var scale = ColourScale.Of(summary);
        int shown = (int)Math.Min(slices, maxSlices);
        var pictures = Html("div", "display:flex;flex-wrap:wrap;gap:8px");
        for (int s = 0; s < shown; s++) pictures.Add(Slice(tensor, scale, s * rows * columns, rows, columns, slices > 1 ? Side / 2 : Side, s));
        var figure = Html("div", "max-width:100%", pictures, Legend(scale, summary, tensor));
        if (slices > shown) figure.Add(Html("div", $"{Theme.Quiet};font-size:12px", $"the first {shown} of {Quantity.Of("0", slices)} matrices"));
        return figure;
    }

    private static XElement Slice(NativeTensor tensor, ColourScale scale, long start, long rows, long columns, double side, int number)
    {
        int height = (int)Math.Min(rows, MaxCells), width = (int)Math.Min(columns, MaxCells);
        byte[] cells = [.. Pool(tensor, start, rows, columns, height, width).Select(scale.Of)];
        // Square elements where that leaves something to see.
        double ratio = Math.Clamp((double)rows / columns, 0.125, 8), w = ratio > 1 ? side / ratio : side, h = ratio > 1 ? side : side * ratio;
        return new("img", new XAttribute("src", Picture.Uri(width, height, cells, scale.Palette())), new XAttribute("alt", $"matrix {number}: {rows} × {columns}"), new XAttribute("width", Number(w)), new XAttribute("height", Number(h)),
            new XAttribute("style", $"image-rendering:pixelated;display:block;margin:0;width:{Number(w)}px;height:{Number(h)}px"));
    }

    private static double[] Pool(NativeTensor tensor, long start, long rows, long columns, int height, int width)
    {
        var sums = new double[height * width];
        var counts = new long[height * width];
        long row = 0, column = 0;
        TensorBlocks.Visit(tensor, start, rows * columns, block =>
        {
            foreach (double x in block)
            {
                long cell = row * height / rows * width + column * width / columns;
                sums[cell] += x;
                counts[cell]++;
                if (++column < columns) continue;
                column = 0;
                row++;
            }
        });
        for (int i = 0; i < sums.Length; i++) sums[i] /= counts[i];
        return sums;
    }

    private static XElement Legend(ColourScale scale, TensorSummary summary, NativeTensor tensor)
    {
        var legend = Html("div", $"display:flex;flex-wrap:wrap;gap:6px;align-items:center;font-size:12px;margin-top:4px");
        if (scale.High > scale.Low)
        {
            legend.Add(Html("span", Theme.Quiet, TensorSummary.Show(tensor.Type, scale.Low)),
                new XElement("img", new XAttribute("src", scale.LegendUri()), new XAttribute("alt", "from low to high"), new XAttribute("width", "90"), new XAttribute("height", "10"), new XAttribute("style", "margin:0;display:inline-block;width:90px;height:10px")),
                Html("span", Theme.Quiet, TensorSummary.Show(tensor.Type, scale.High)));
        }
        if (summary.Nans > 0) legend.Add(Key(ColourScale.NanColour, "NaN"));
        if (summary.Infinities > 0) legend.Add(Key(ColourScale.InfiniteColour, "Inf"));
        return legend;
    }

    private static XElement Key(string colour, string name) => Html("span", null, Html("span", $"display:inline-block;width:10px;height:10px;background:{colour};margin:0 4px 0 6px"), name);
}
