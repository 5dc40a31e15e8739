using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Display;

/// <summary>A histogram as bars.</summary>
internal static class HistogramView
{
    private const double Width = 220, Height = 130, Left = 6, Bottom = 18, Top = 14;

    public static XElement Of(Histogram histogram, ElementType type)
    {
        var drawing = new Drawing(Width, Height, "histogram");
        long most = histogram.Counts.Max();
        double step = (Width - 2 * Left) / histogram.Counts.Length, ground = Height - Bottom;
        for (int i = 0; i < histogram.Counts.Length; i++)
        {
            if (histogram.Counts[i] == 0) continue;
            double height = Math.Max(1, (ground - Top) * histogram.Counts[i] / most), start = histogram.Start + i * histogram.Width;
            string range = histogram.Width == 1 && !type.IsFloat ? TensorSummary.Show(type, start) : $"{Quantity.Value(start)} to {Quantity.Value(start + histogram.Width)}";
            drawing.Rectangle(Left + i * step, ground - height, Math.Max(1, step - 1), height, Theme.Blue, tip: $"{range}: {Quantity.Of("0", histogram.Counts[i])}");
        }
        drawing.Line(Left, ground, Width - Left, ground, opacity: 0.5);
        double end = histogram.Start + (histogram.Counts.Length - (histogram.Width == 1 && !type.IsFloat ? 1 : 0)) * histogram.Width;
        drawing.Text(Left, Height - 4, TensorSummary.Show(type, histogram.Start), size: 11, isQuiet: true);
        if (end > histogram.Start) drawing.Text(Width - Left, Height - 4, TensorSummary.Show(type, end), "end", 11, isQuiet: true);
        drawing.Text(Left, 10, $"most in one bar: {Quantity.Of("0", most)}", size: 11, isQuiet: true);
        return drawing.Root;
    }
}

/// <summary>A vector as a curve: of many elements the least and the most under each pixel.</summary>
internal static class CurveView
{
    private const double Width = 280, Height = 130, Left = 6, Bottom = 18, Top = 8;

    public static XElement Of(NativeTensor tensor, TensorSummary summary)
    {
        var drawing = new Drawing(Width, Height, "the elements in order");
        double ground = Height - Bottom;
        if (summary.HasFinite)
        {
            int columns = (int)Math.Min(tensor.Count, (long)(Width - 2 * Left) / 2);
            var (low, high) = Extremes(tensor, columns);
            var line = new StringBuilder();
            for (int c = 0, last = -2; c < columns; c++)
            {
                if (low[c] > high[c]) continue;
                double x = Left + (Width - 2 * Left) * (columns == 1 ? 0.5 : (double)c / (columns - 1));
                line.Append(CultureInfo.InvariantCulture, $"{(last == c - 1 ? "L" : "M")}{Markup.Number(x)} {Markup.Number(Y(low[c]))}");
                // A lone point is a short stroke.
                line.Append(CultureInfo.InvariantCulture, $"V{Markup.Number(Y(high[c]) - (low[c] == high[c] && (last != c - 1) ? 1 : 0))}");
                last = c;
            }
            drawing.Path(line.ToString(), Theme.Blue);
        }
        drawing.Line(Left, ground, Width - Left, ground, opacity: 0.5);
        drawing.Text(Left, Height - 4, "0", size: 11, isQuiet: true);
        drawing.Text(Width - Left, Height - 4, Quantity.Of("0", tensor.Count - 1), "end", 11, isQuiet: true);
        return drawing.Root;

        double Y(double x) => summary.Max > summary.Min ? ground - (ground - Top) * ((x / 2 - summary.Min / 2) / (summary.Max / 2 - summary.Min / 2)) : (ground + Top) / 2;
    }

    private static (double[] Low, double[] High) Extremes(NativeTensor tensor, int columns)
    {
        double[] low = [.. Enumerable.Repeat(double.PositiveInfinity, columns)], high = [.. Enumerable.Repeat(double.NegativeInfinity, columns)];
        long at = 0;
        TensorBlocks.Visit(tensor, 0, tensor.Count, block =>
        {
            foreach (double x in block)
            {
                int c = (int)(at++ * columns / tensor.Count);
                if (!double.IsFinite(x)) continue;
                low[c] = Math.Min(low[c], x);
                high[c] = Math.Max(high[c], x);
            }
        });
        return (low, high);
    }
}
