using System.Globalization;
using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Families;

/// <summary>Operators that wait for memory: their share is of the bandwidth.</summary>
internal static class Memory
{
    public static IEnumerable<Row> Rows(Workbench bench) => RowWise.Rows(bench).Concat(Reshaping.Rows(bench)).Concat(Images.Rows(bench));

    internal static Row Make(Workbench bench, string name, Func<Setup> build) => new("memory", name, 1, build);

    internal static string Plane(int rows, int columns) => string.Create(CultureInfo.InvariantCulture, $"{rows}x{columns}");

    /// <summary>A setup around one result of single precision.</summary>
    internal static Setup OfFloats(Workbench bench, NativeTensor[] inputs, NativeTensor result, string bound, Func<ArrayReference> reference)
    {
        var known = new Lazy<ArrayReference>(reference);
        return Of(bench, inputs, result, bound, () => known.Value.ErrorOf<float>(result.AsSpan<float>()));
    }

    internal static Setup Of(Workbench bench, NativeTensor[] inputs, NativeTensor result, string bound, Func<double> error)
    {
        double bytes = inputs.Sum(t => t.Bytes) + result.Bytes;
        var setup = new Setup { Bytes = bytes, Bound = bound, Error = error, Clear = result.Clear };
        foreach (var t in (NativeTensor[])[.. inputs, result]) setup.Own(t);
        if (result.Bytes < bytes / 8)
        {
            setup.Contenders.Add(Roofs.Read(setup.Own(bench.Random(ElementType.F32, 9, (long)(bytes / 4)))));
            return setup;
        }
        var (from, to) = (setup.Own(bench.Random(ElementType.F32, 9, (long)(bytes / 8))), setup.Own(bench.Zeros(ElementType.F32, (long)(bytes / 8))));
        setup.Contenders.AddRange(Roofs.Copies(from, to));
        return setup;
    }
}
