using System.Globalization;
using System.Text;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>The text of a tensor: its type in the first line, then its elements in nested brackets, right-aligned in columns of one width.
/// Of more than 1000 elements, a dimension of more than 6 shows the first three and the last three. The same on every machine.</summary>
public static class TensorPrinter
{
    private const int MaxElements = 1000, EdgeElements = 3;

    public static string Print(NativeTensor tensor)
    {
        var text = new StringBuilder(tensor.ToString()).Append('\n');
        if (tensor.Rank == 0) return text.Append(Format(tensor[0], FormatOf([tensor[0]]))).ToString();
        if (tensor.Count == 0) return text.Append("[]").ToString();

        bool isShortened = tensor.Count > MaxElements;
        var shown = new List<Scalar>();
        Walk(tensor, isShortened, 0, 0, (position, _) => shown.Add(tensor[position]), null, null);
        var format = FormatOf(shown);
        int width = shown.Max(v => Format(v, format).Length);

        Walk(tensor, isShortened, 0, 0,
            (position, isFirst) => text.Append(isFirst ? "" : ", ").Append(Format(tensor[position], format).PadLeft(width)),
            (depth, isFirst) =>
            {
                if (isFirst) return;
                // Rows stand below each other, with an empty line between matrices.
                text.Append(',').Append('\n', Math.Max(1, tensor.Rank - 1 - depth)).Append(' ', depth + 1);
            },
            piece => text.Append(piece));
        return text.ToString();
    }

    private static void Walk(
        NativeTensor tensor, bool isShortened, int depth, long start, Action<long, bool> element, Action<int, bool>? separator, Action<string>? write)
    {
        long extent = tensor.Shape[depth];
        long stride = 1;
        for (int d = depth + 1; d < tensor.Rank; d++) stride *= tensor.Shape[d];
        bool isInnermost = depth == tensor.Rank - 1;
        write?.Invoke("[");
        for (long i = 0; i < extent; i++)
        {
            if (isShortened && extent > 2 * EdgeElements && i == EdgeElements)
            {
                if (isInnermost) write?.Invoke(", ");
                else separator?.Invoke(depth, false);
                write?.Invoke("...");
                i = extent - EdgeElements;
            }
            if (isInnermost)
            {
                element(start + i, i == 0);
                continue;
            }
            separator?.Invoke(depth, i == 0);
            Walk(tensor, isShortened, depth + 1, start + i * stride, element, separator, write);
        }
        write?.Invoke("]");
    }

    /// <summary>How the floats of one tensor are written: with so many digits after the point, or with exponents.</summary>
    private static string FormatOf(IReadOnlyList<Scalar> values)
    {
        if (values.Count == 0 || !values[0].Type.IsFloat) return "";
        double[] sizes = [.. values.Select(v => Math.Abs(v.Real)).Where(v => double.IsFinite(v) && v > 0)];
        int digits = values[0].Type is ElementType.F64 ? 8 : 6;
        if (sizes.Length > 0 && (sizes.Max() >= 1e8 || sizes.Min() < 1e-4 || sizes.Max() / sizes.Min() > 1e7)) return $"0.{new string('#', digits)}e+00";

        // As few digits as show each value as far as its type carries (NumPy does so, too).
        int needed = 1;
        foreach (double v in sizes)
            while (needed < digits && !IsShown(v, needed, digits)) needed++;
        return $"0.{new string('0', needed)}";
    }

    private static bool IsShown(double value, int digits, int all) => Math.Abs(Math.Round(value, digits) - Math.Round(value, all)) < 0.5 * Math.Pow(10, -all);

    private static string Format(Scalar value, string format)
    {
        if (!value.Type.IsFloat) return value.ToString();
        double v = value.Real;
        return double.IsNaN(v) ? "nan" : double.IsPositiveInfinity(v) ? "inf" : double.IsNegativeInfinity(v) ? "-inf" : v.ToString(format, CultureInfo.InvariantCulture);
    }
}
