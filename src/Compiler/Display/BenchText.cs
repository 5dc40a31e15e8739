using System.Globalization;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>A measurement as one line for people, on a page with a bar for its share of the machine's peak.</summary>
public static class BenchText
{
    internal static DisplayBundle Of(BenchResult r)
    {
        if (r.Gflops <= 0) return DisplayBundle.OfText(Line(r));
        string share = string.Create(CultureInfo.InvariantCulture, $"{100 * Math.Min(1, r.FractionOfPeak):0.#}%");
        return DisplayBundle.OfHtml(Line(r), Write(Html("div", $"font:13px/1.45 {Theme.Font};max-width:100%", Html("div", $"font:12px/1.5 {Theme.Mono};white-space:pre-wrap;overflow-wrap:anywhere", Line(r)),
            Html("div", $"height:8px;max-width:420px;margin:3px 0;border-radius:4px;background:{Theme.Tint(Theme.Grey, ".25")}", Html("div", $"height:8px;border-radius:4px;width:{share};background:{Theme.Blue}")))));
    }

    public static string Line(BenchResult r)
    {
        string shape = string.Join(' ', r.Shape.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Name}={s.Size}")));
        string gflops = r.Gflops > 0
            ? string.Create(CultureInfo.InvariantCulture, $"  {r.Gflops:0.0} GFLOP/s, {r.FractionOfPeak:0%} of peak ({r.PeakGflops:0.0})") : "";
        string compiled = r.CompileMilliseconds > 0 ? $"  compiled in {Time(r.CompileMilliseconds * 1e3)}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{r.Operator}{(shape.Length > 0 ? "  " + shape : "")}  threads={r.Threads}  median {Time(r.MedianMicroseconds)}, min {Time(r.MinMicroseconds)} of {r.Repetitions}{gflops}{compiled}");
    }

    /// <summary>A time with its unit.</summary>
    public static string Time(double us) => us switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{us:0.0} µs"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{us / 1e3:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{us / 1e6:0.00} s"),
    };
}
