using System.Xml.Linq;
using Tx.Core;
using Tx.Runtime;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>A tensor as people look at it: what it is, its corners as a table, a picture of it, and how its values are spread.</summary>
public static class TensorView
{
    // Rows and columns of a table at each end.
    private const int EdgeElements = 4;
    private const int MaxSlices = 4;

    public static DisplayBundle Of(NativeTensor tensor)
    {
        if (tensor.Rank == 0) return DisplayBundle.OfText(TensorPrinter.Print(tensor));
        var summary = TensorSummary.Of(tensor);
        string text = TensorPrinter.Print(tensor);
        string plain = summary.Line(tensor) + text[text.IndexOf('\n', StringComparison.Ordinal)..];
        return DisplayBundle.OfHtml(plain, Write(Page(tensor, summary)));
    }

    internal static XElement Page(NativeTensor tensor, TensorSummary summary)
    {
        var parts = Html("div", "display:flex;flex-wrap:wrap;gap:18px;align-items:flex-start;margin-top:6px");
        if (tensor.Count > 0)
        {
            parts.Add(Table(tensor));
            if (tensor.Count > 1) parts.Add(tensor.Rank == 1 ? CurveView.Of(tensor, summary) : HeatMap.Of(tensor, summary, MaxSlices));
            if (tensor.Count > 1 && Histogram.Of(tensor, summary) is { } histogram) parts.Add(HistogramView.Of(histogram, tensor.Type));
        }
        return Html("div", $"font:13px/1.45 {Theme.Font};margin:4px 0;max-width:100%", Header(tensor, summary), parts);
    }

    private static XElement Header(NativeTensor tensor, TensorSummary summary)
    {
        var header = Html("div", "display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline", Html("b", $"font-family:{Theme.Mono}", tensor.ToString()));
        Fact("", Quantity.Bytes(tensor.Bytes));
        if (tensor.Count == 0) Fact("", "no elements");
        if (summary.HasFinite)
        {
            Fact("min ", TensorSummary.Show(tensor.Type, summary.Min));
            Fact("max ", TensorSummary.Show(tensor.Type, summary.Max));
            Fact("mean ", Quantity.Value(summary.Mean));
        }
        if (tensor.Type.IsFloat && tensor.Count > 0)
        {
            Fact("NaN ", Quantity.Of("0", summary.Nans), summary.Nans > 0 ? Theme.Red : null);
            Fact("Inf ", Quantity.Of("0", summary.Infinities), summary.Infinities > 0 ? Theme.Red : null);
        }
        return header;

        void Fact(string name, string value, string? colour = null) =>
            header.Add(Html("span", colour is null ? null : $"color:{colour};font-weight:600", Html("span", Theme.Quiet, name), value));
    }

    /// <summary>The corners of the last two dimensions, at the first index of those before them.</summary>
    private static XElement Table(NativeTensor tensor)
    {
        bool isMatrix = tensor.Rank > 1;
        long columns = tensor.Shape[^1], rows = isMatrix ? tensor.Shape[^2] : 1;
        var shownRows = Positions(rows);
        var shownColumns = Positions(columns);
        var values = shownRows.Where(r => r >= 0).SelectMany(r => shownColumns.Where(c => c >= 0).Select(c => tensor[r * columns + c])).ToList();
        var format = TensorPrinter.FormatOf(tensor.Type, tensor.Rank, values);
        const string cell = "padding:1px 7px;text-align:right;white-space:pre;background:none;border:0";
        var head = Html("tr", "background:none;border:0", Html("th", cell, ""));
        foreach (long c in shownColumns) head.Add(Html("th", $"{cell};font-weight:400;border-bottom:{Theme.Line};{Theme.Quiet}", c < 0 ? "…" : Quantity.Of("0", c)));
        var body = Html("table", $"border-collapse:collapse;font:12px/1.5 {Theme.Mono};margin:0;border:0", head);
        foreach (long r in shownRows)
        {
            var row = Html("tr", "background:none;border:0", Html("th", $"{cell};font-weight:400;border-right:{Theme.Line};{Theme.Quiet}", r < 0 ? "⋮" : isMatrix ? Quantity.Of("0", r) : ""));
            foreach (long c in shownColumns)
            {
                if (r < 0 || c < 0) row.Add(Html("td", $"{cell};{Theme.Quiet}", r < 0 ? c < 0 ? "⋱" : "⋮" : "…"));
                else row.Add(Html("td", tensor[r * columns + c] is { Type.IsFloat: true } v && !double.IsFinite(v.Real) ? $"{cell};color:{Theme.Red};font-weight:600" : cell, format(tensor[r * columns + c]).Trim()));
            }
            body.Add(row);
        }
        var figure = Html("div", "max-width:100%;overflow-x:auto", body);
        if (tensor.Rank > 2) figure.Add(Html("div", $"{Theme.Quiet};font-size:12px", $"at [{string.Join(", ", Enumerable.Repeat("0", tensor.Rank - 2))}, :, :]"));
        return figure;
    }

    /// <summary>The positions along a dimension that are shown; −1 stands for those left out.</summary>
    private static List<long> Positions(long extent)
    {
        if (extent <= 2 * EdgeElements) return [.. Enumerable.Range(0, (int)extent).Select(i => (long)i)];
        return [.. Enumerable.Range(0, EdgeElements).Select(i => (long)i), -1, .. Enumerable.Range(0, EdgeElements).Select(i => extent - EdgeElements + i)];
    }
}
