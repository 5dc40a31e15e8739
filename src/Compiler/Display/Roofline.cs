using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Display;

/// <summary>What a machine can do, as it was measured: none of it is from a data sheet.</summary>
/// <param name="Type">What the multiply-adds are of.</param>
/// <param name="Gflops">Of multiply-adds in registers, in 10⁹ operations a second.</param>
/// <param name="MemoryGigabytes">Reads of memory, in 10⁹ bytes a second.</param>
/// <param name="CacheGigabytes">Reads of the first-level cache.</param>
public sealed record MachinePeaks(ElementType Type, int Threads, double Gflops, double MemoryGigabytes, double CacheGigabytes)
{
    /// <summary>Measures all three; it takes some 200 ms.</summary>
    /// <exception cref="DiagnosticException">libLLVM is missing.</exception>
    public static MachinePeaks Measure(ElementType type, int threads) => new(type, threads, PeakProbe.MeasurePeakGflops(type, threads),
        BandwidthProbe.MeasureReads(BandwidthProbe.MemoryBytes, threads), BandwidthProbe.MeasureReads(BandwidthProbe.CacheBytes, threads));

    /// <summary>What an operator with so many operations for each byte of its tensors can reach.</summary>
    public double Roof(double intensity) => Math.Min(Gflops, intensity * MemoryGigabytes);
}

/// <summary>One measurement under the roof.</summary>
/// <param name="Intensity">Operations for each byte of the tensors that it reads and writes, each counted once.</param>
public sealed record RooflinePoint(string Name, double Intensity, double Gflops, double MedianMicroseconds);

/// <summary>Measurements against what the machine can do (Williams, Waterman and Patterson, 2009).</summary>
public sealed record Roofline(string Title, MachinePeaks Machine, ImmutableArray<RooflinePoint> Points)
{
    /// <param name="results">Those without operations on elements have no place in it.</param>
    public static Roofline Of(string title, MachinePeaks machine, IEnumerable<(string Name, BenchResult Result)> results) => new(title, machine,
        [.. results.Where(r => r.Result is { Gflops: > 0, Bytes: > 0 }).Select(r => new RooflinePoint(r.Name, r.Result.Gflops * r.Result.MedianMicroseconds * 1e3 / r.Result.Bytes, r.Result.Gflops, r.Result.MedianMicroseconds))]);
}

/// <summary>A roofline: a table, and a picture with logarithmic axes.</summary>
internal static class RooflineFormat
{
    private const double Width = 720, Height = 380, Left = 62, Right = 20, Top = 30, Bottom = 46;
    private static readonly ImmutableArray<string> Colours = [Theme.Red, Theme.Blue, Theme.Green, Theme.Amber, Theme.Violet, Theme.Teal];

    public static DisplayBundle Of(Roofline roofline) => DisplayBundle.OfSvg(Text(roofline), Draw(roofline));

    private static string Text(Roofline r)
    {
        var m = r.Machine;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"// {r.Title}\n");
        text.Append(CultureInfo.InvariantCulture, $"machine, measured now, {Threads(m)}: {m.Gflops:0.0} GFLOP/s ({m.Type.Name} multiply-adds), {m.MemoryGigabytes:0.0} GB/s from memory, {m.CacheGigabytes:0.0} GB/s from the first-level cache\n");
        int width = Math.Max(8, r.Points.IsEmpty ? 0 : r.Points.Max(p => p.Name.Length));
        text.Append("  ").Append("schedule".PadRight(width)).Append("     flop/byte      GFLOP/s    memory's roof  of it\n");
        foreach (var p in r.Points)
            text.Append(CultureInfo.InvariantCulture, $"  {p.Name.PadRight(width)}  {p.Intensity,12:0.##}  {p.Gflops,11:0.00}  {m.Roof(p.Intensity),11:0.0}      {p.Gflops / m.Roof(p.Intensity),5:0%}  {Limit(m, p)}\n");
        if (r.Points.IsEmpty) text.Append("  nothing that computes on elements was measured\n");
        return text.ToString();
    }

    private static string Threads(MachinePeaks m) => m.Threads == 1 ? "1 thread" : $"{m.Threads} threads";

    private static string Limit(MachinePeaks m, RooflinePoint p) => p.Gflops > m.Roof(p.Intensity) * 1.05 ? "its tensors stay in caches" : p.Intensity * m.MemoryGigabytes < m.Gflops ? "limited by memory" : "limited by arithmetic";

    private static string Draw(Roofline r)
    {
        var m = r.Machine;
        double ridge = m.Gflops / m.MemoryGigabytes;
        var (x0, x1) = Decades(r.Points.Select(p => p.Intensity).Concat([ridge, m.Gflops / m.CacheGigabytes]));
        var (y0, y1) = Decades(r.Points.Select(p => p.Gflops).Concat([m.Gflops]));
        var drawing = new Drawing(Width, Height, $"roofline of {r.Title}");
        drawing.Text(Left, 16, $"{r.Title} ({Threads(m)}, measured in the same run)");
        Axes(drawing, x0, x1, y0, y1);
        Roof(drawing, "from memory", m.MemoryGigabytes, m.Gflops, Theme.Grey, X, Y, (x0, x1, y0, y1));
        Roof(drawing, "from cache", m.CacheGigabytes, m.Gflops, Theme.Teal, X, Y, (x0, x1, y0, y1));
        drawing.Text(Width - Right - 4, Y(m.Gflops) - 6, $"{Quantity.Of("0.0", m.Gflops)} GFLOP/s, {m.Type.Name} multiply-adds", "end", 11, isQuiet: true);
        double used = double.NegativeInfinity;
        foreach (var (p, i) in r.Points.Select((p, i) => (p, i)).OrderByDescending(p => p.p.Gflops))
        {
            double x = X(p.Intensity), y = Y(p.Gflops), label = Math.Max(y + 4, used + 14);
            used = label;
            drawing.Line(x, Y(Math.Min(m.Roof(p.Intensity), Math.Pow(10, y1))), x, y, Colours[i % Colours.Length], 1, "2 3", 0.6);
            drawing.Circle(x, y, 5, Colours[i % Colours.Length], $"{p.Name}: {Quantity.Of("0.00", p.Gflops)} GFLOP/s, {BenchText.Time(p.MedianMicroseconds)}");
            bool isRight = x > Width * 0.66;
            drawing.Text(x + (isRight ? -10 : 10), label, $"{p.Name}  {Quantity.Of("0.0", p.Gflops)}", isRight ? "end" : "start", 12, Colours[i % Colours.Length]);
        }
        return drawing.ToString();

        double X(double v) => Left + (Width - Left - Right) * (Math.Log10(v) - x0) / (x1 - x0);
        double Y(double v) => Height - Bottom - (Height - Top - Bottom) * (Math.Log10(v) - y0) / (y1 - y0);
    }

    private static void Axes(Drawing drawing, double x0, double x1, double y0, double y1)
    {
        for (double x = x0; x <= x1; x++)
        {
            double at = Left + (Width - Left - Right) * (x - x0) / (x1 - x0);
            drawing.Line(at, Top, at, Height - Bottom, opacity: 0.15);
            drawing.Text(at, Height - Bottom + 16, Quantity.Value(Math.Pow(10, x)), "middle", 11, isQuiet: true);
        }
        for (double y = y0; y <= y1; y++)
        {
            double at = Height - Bottom - (Height - Top - Bottom) * (y - y0) / (y1 - y0);
            drawing.Line(Left, at, Width - Right, at, opacity: 0.15);
            drawing.Text(Left - 6, at + 4, Quantity.Value(Math.Pow(10, y)), "end", 11, isQuiet: true);
        }
        drawing.Text(Left + (Width - Left - Right) / 2, Height - 10, "operations for each byte of the tensors", "middle", 12, isQuiet: true);
        drawing.Text(16, Top + (Height - Top - Bottom) / 2, "GFLOP/s", "middle", 12, isQuiet: true, rotate: -90);
    }

    // The slope of a bandwidth up to the flat part.
    private static void Roof(Drawing drawing, string name, double bandwidth, double peak, string colour, Func<double, double> x, Func<double, double> y, (double X0, double X1, double Y0, double Y1) range)
    {
        double left = Math.Max(Math.Pow(10, range.X0), Math.Pow(10, range.Y0) / bandwidth), ridge = peak / bandwidth, right = Math.Pow(10, range.X1);
        drawing.Path($"M{Markup.Number(x(left))} {Markup.Number(y(left * bandwidth))}L{Markup.Number(x(ridge))} {Markup.Number(y(peak))}L{Markup.Number(x(right))} {Markup.Number(y(peak))}", colour, 2);
        // Near the left end: measurements stand further right, mostly.
        double at = left * Math.Pow(ridge / left, 0.05), slope = Math.Atan2(y(ridge * bandwidth) - y(left * bandwidth), x(ridge) - x(left)) * 180 / Math.PI;
        if (ridge > left) drawing.Text(x(at) - 4, y(at * bandwidth) - 6, $"{Quantity.Of("0.0", bandwidth)} GB/s {name}", "start", 11, colour, rotate: slope);
    }

    private static (double Low, double High) Decades(IEnumerable<double> values)
    {
        double[] all = [.. values.Where(v => v > 0 && double.IsFinite(v))];
        double low = Math.Floor(Math.Log10(all.Min()) - 0.4), high = Math.Ceiling(Math.Log10(all.Max()) + 0.15);
        return (low, Math.Max(high, low + 2));
    }
}
