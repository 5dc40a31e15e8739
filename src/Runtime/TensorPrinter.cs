using System.Text;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>The text of a tensor: its type in the first line, then its elements as <c>numpy.array2string(a, separator=", ")</c> writes them: nested
/// brackets, aligned columns, one form for all floats of the tensor, rows wrapped at 75 characters. Of more than 1000 elements, a dimension
/// of more than 6 shows the first three and the last three. The same on every machine.</summary>
public static class TensorPrinter
{
    private const int MaxElements = 1000, EdgeElements = 3, LineWidth = 75;
    private const string Separator = ", ", Summary = "...";

    public static string Print(NativeTensor tensor)
    {
        string type = tensor + "\n";
        if (tensor.Count == 0) return type + "[]";
        bool isShortened = tensor.Count > MaxElements;
        var shown = new List<Scalar>();
        Collect(tensor, isShortened, 0, 0, shown);
        var format = FormatOf(tensor.Type, tensor.Rank, shown);
        if (tensor.Rank == 0) return type + format(tensor[0]);
        return type + new Writer(tensor, isShortened, format).Write(0, 0, " ", LineWidth);
    }

    /// <summary>The one form for some elements of a tensor.</summary>
    public static Func<Scalar, string> FormatOf(ElementType type, int rank, IReadOnlyList<Scalar> values) => type switch
    {
        ElementType.Bool => v => v.ToString().PadLeft(rank == 0 ? 0 : 5),
        { IsFloat: true } => FloatFormat.Of(values).Format,
        _ => Aligned(values),
    };

    private static Func<Scalar, string> Aligned(IReadOnlyList<Scalar> values)
    {
        int width = values.Max(v => v.ToString().Length);
        return v => v.ToString().PadLeft(width);
    }

    /// <summary>The positions along a dimension that are shown; −1 stands for those left out.</summary>
    private static IEnumerable<long> Positions(long extent, bool isShortened)
    {
        if (!isShortened || extent <= 2 * EdgeElements)
        {
            for (long i = 0; i < extent; i++) yield return i;
            yield break;
        }
        for (long i = 0; i < EdgeElements; i++) yield return i;
        yield return -1;
        for (long i = extent - EdgeElements; i < extent; i++) yield return i;
    }

    private static void Collect(NativeTensor tensor, bool isShortened, int depth, long start, List<Scalar> shown)
    {
        if (depth == tensor.Rank)
        {
            shown.Add(tensor[start]);
            return;
        }
        long stride = Stride(tensor, depth);
        foreach (long i in Positions(tensor.Shape[depth], isShortened))
            if (i >= 0) Collect(tensor, isShortened, depth + 1, start + i * stride, shown);
    }

    private static long Stride(NativeTensor tensor, int depth)
    {
        long stride = 1;
        for (int d = depth + 1; d < tensor.Rank; d++) stride *= tensor.Shape[d];
        return stride;
    }

    private sealed class Writer(NativeTensor tensor, bool isShortened, Func<Scalar, string> format)
    {
        /// <param name="indent">What stands before each line but the first.</param>
        /// <param name="width">What is left of the line for this depth: each level keeps a place for its closing bracket.</param>
        public string Write(int depth, long start, string indent, int width)
        {
            var text = new StringBuilder("[");
            long stride = Stride(tensor, depth), extent = tensor.Shape[depth];
            if (depth == tensor.Rank - 1)
            {
                int column = indent.Length;
                foreach (long i in Positions(extent, isShortened))
                {
                    string word = i < 0 ? Summary : format(tensor[start + i]);
                    // A word that is too long for any line starts none of its own.
                    if (column + word.Length > width - 1 && column > indent.Length)
                    {
                        text.Length--;
                        text.Append('\n').Append(indent);
                        column = indent.Length;
                    }
                    text.Append(word);
                    column += word.Length;
                    if (i == extent - 1) break;
                    text.Append(Separator);
                    column += Separator.Length;
                }
                return text.Append(']').ToString();
            }
            foreach (long i in Positions(extent, isShortened))
            {
                text.Append(i < 0 ? Summary : Write(depth + 1, start + i * stride, indent + ' ', width - 1));
                // Rows stand below each other, with an empty line between matrices.
                if (i != extent - 1) text.Append(',').Append('\n', tensor.Rank - 1 - depth).Append(indent);
            }
            return text.Append(']').ToString();
        }
    }
}
