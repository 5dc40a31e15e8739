using System.Collections.Immutable;
using System.Globalization;

namespace Tx.Display;

/// <summary>Numbers with units for people.</summary>
internal static class Quantity
{
    private static readonly ImmutableArray<string> Binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], Decimal = ["", "k", "M", "G", "T", "P", "E"];

    /// <summary><c>1.5 MiB</c></summary>
    public static string Bytes(double n) => Short(n, 1024, Binary);

    /// <summary><c>2.1 G</c></summary>
    public static string Count(double n) => Short(n, 1000, Decimal);

    /// <summary>Four significant digits.</summary>
    public static string Value(double x) => x.ToString("G4", CultureInfo.InvariantCulture);

    public static string Of(string form, double x) => x.ToString(form, CultureInfo.InvariantCulture);

    private static string Short(double value, double step, ImmutableArray<string> units)
    {
        int unit = 0;
        for (; value >= step && unit + 1 < units.Length; unit++) value /= step;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#}{(units[unit].Length > 0 ? " " : "")}{units[unit]}");
    }
}
