using Tx.Core;
using Tx.Runtime;

namespace Tx.Display;

/// <summary>What all elements of a tensor say together. Least, most and mean are of those that are finite; NaN where there are none.</summary>
/// <param name="Infinities">Of both signs.</param>
public sealed record TensorSummary(long Count, double Min, double Max, double Mean, long Nans, long Infinities)
{
    public bool HasFinite => Count > Nans + Infinities;

    public static TensorSummary Of(NativeTensor tensor)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity, sum = 0;
        long nans = 0, infinities = 0;
        // Sums of blocks, so that the mean of many elements keeps its digits.
        TensorBlocks.Visit(tensor, 0, tensor.Count, block =>
        {
            double part = 0;
            foreach (double x in block)
                if (double.IsFinite(x))
                {
                    min = Math.Min(min, x);
                    max = Math.Max(max, x);
                    part += x;
                }
                else if (double.IsNaN(x)) nans++;
                else infinities++;
            sum += part;
        });
        long finite = tensor.Count - nans - infinities;
        return finite == 0 ? new(tensor.Count, double.NaN, double.NaN, double.NaN, nans, infinities) : new(tensor.Count, min, max, sum / finite, nans, infinities);
    }

    /// <summary><c>f32[2, 3]  24 B  min 1  max 6  mean 3.5</c>, with the elements that are not finite where there are any.</summary>
    public string Line(NativeTensor tensor)
    {
        string line = $"{tensor}  {Quantity.Bytes(tensor.Bytes)}";
        if (HasFinite) line += $"  min {Show(tensor.Type, Min)}  max {Show(tensor.Type, Max)}  mean {Quantity.Value(Mean)}";
        if (Nans > 0) line += $"  NaN {Quantity.Of("0", Nans)}";
        return Infinities > 0 ? line + $"  Inf {Quantity.Of("0", Infinities)}" : line;
    }

    /// <summary>A value of the tensor: integers with all digits.</summary>
    internal static string Show(ElementType type, double x) => type.IsFloat ? Quantity.Value(x) : Quantity.Of("0", x);
}

/// <summary>How often values lie in each of equal parts of a range.</summary>
/// <param name="Width">Of one part; 1 where each integer has its own.</param>
internal sealed record Histogram(double Start, double Width, long[] Counts)
{
    private const int Bins = 40;

    public static Histogram? Of(NativeTensor tensor, TensorSummary summary)
    {
        if (!summary.HasFinite) return null;
        bool isInteger = !tensor.Type.IsFloat && summary.Max - summary.Min < Bins;
        int bins = isInteger ? (int)(summary.Max - summary.Min) + 1 : summary.Max > summary.Min ? Bins : 1;
        // The ends may be further apart than a double can say.
        double width = isInteger ? 1 : summary.Max / bins - summary.Min / bins;
        var counts = new long[bins];
        TensorBlocks.Visit(tensor, 0, tensor.Count, block =>
        {
            foreach (double x in block)
                if (double.IsFinite(x)) counts[width > 0 ? (int)Math.Clamp(Math.Floor(x / width - summary.Min / width), 0, bins - 1) : 0]++;
        });
        return new(summary.Min, width, counts);
    }
}
