using System.Globalization;

namespace Tx.Display;

/// <summary>A measurement as one line for people.</summary>
public static class BenchText
{
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
