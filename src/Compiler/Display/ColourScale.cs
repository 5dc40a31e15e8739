using System.Collections.Immutable;

namespace Tx.Display;

/// <summary>Numbers as colours: from dark blue over green to yellow, or from blue over grey to red where both signs occur. What is not finite has colours of its own.</summary>
internal sealed record ColourScale(double Low, double High, bool IsDiverging)
{
    private const int Steps = 253;
    public const byte Nan = 253, Infinite = 254, Missing = 255;
    public const string NanColour = "#e23bc8", InfiniteColour = "#ff8c1a";

    private static readonly ImmutableArray<(double R, double G, double B)> Sequential = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)];
    private static readonly ImmutableArray<(double R, double G, double B)> Diverging = [(33, 102, 172), (103, 169, 207), (225, 225, 225), (239, 138, 98), (178, 24, 43)];

    public static ColourScale Of(TensorSummary summary)
    {
        if (!summary.HasFinite) return new(0, 1, false);
        if (summary.Min >= 0 || summary.Max <= 0) return new(summary.Min, summary.Max, false);
        double most = Math.Max(-summary.Min, summary.Max);
        return new(-most, most, true);
    }

    /// <summary>The number of a value's colour.</summary>
    public byte Of(double x) =>
        double.IsNaN(x) ? Nan : double.IsInfinity(x) ? Infinite
        : High > Low ? (byte)Math.Clamp((x / 2 - Low / 2) / (High / 2 - Low / 2) * (Steps - 1), 0, Steps - 1) : (byte)(Steps / 2);

    public byte[] Palette()
    {
        var palette = new byte[256 * 3];
        var anchors = IsDiverging ? Diverging : Sequential;
        for (int i = 0; i < Steps; i++)
        {
            double at = (double)i / (Steps - 1) * (anchors.Length - 1);
            int left = Math.Min((int)at, anchors.Length - 2);
            double part = at - left;
            Set(i, anchors[left].R + part * (anchors[left + 1].R - anchors[left].R), anchors[left].G + part * (anchors[left + 1].G - anchors[left].G), anchors[left].B + part * (anchors[left + 1].B - anchors[left].B));
        }
        Set(Nan, 0xe2, 0x3b, 0xc8);
        Set(Infinite, 0xff, 0x8c, 0x1a);
        Set(Missing, 0x80, 0x80, 0x80);
        return palette;

        void Set(int i, double r, double g, double b) => (palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]) = ((byte)Math.Round(r), (byte)Math.Round(g), (byte)Math.Round(b));
    }

    /// <summary>All colours from the lowest to the highest.</summary>
    public string LegendUri() => Picture.Uri(Steps, 1, [.. Enumerable.Range(0, Steps).Select(i => (byte)i)], Palette());
}
