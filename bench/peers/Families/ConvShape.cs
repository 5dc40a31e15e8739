using System.Collections.Immutable;

namespace Tx.Bench.Peers.Families;

/// <summary>A convolution of one square image.</summary>
internal readonly record struct ConvShape(string Name, int Size, int Channels, int Results, int Window, int Stride, int Pad)
{
    /// <summary>The layers of ResNet-18.</summary>
    public static ImmutableArray<ConvShape> All { get; } =
    [
        new("C1", 224, 3, 64, 7, 2, 3), new("C2", 56, 64, 64, 3, 1, 1), new("C3", 56, 64, 64, 1, 1, 0), new("C4", 56, 64, 128, 3, 2, 1),
        new("C5", 56, 64, 128, 1, 2, 0), new("C6", 28, 128, 128, 3, 1, 1), new("C7", 28, 128, 256, 3, 2, 1), new("C8", 28, 128, 256, 1, 2, 0),
        new("C9", 14, 256, 256, 3, 1, 1), new("C10", 14, 256, 512, 3, 2, 1), new("C11", 14, 256, 512, 1, 2, 0), new("C12", 7, 512, 512, 3, 1, 1),
    ];

    public int Out => (Size + 2 * Pad - Window) / Stride + 1;
    /// <summary>Products that are added for one element.</summary>
    public int Depth => Channels * Window * Window;
    public double Flop => 2.0 * Out * Out * Results * Depth;

    /// <summary>What the table of operators may name.</summary>
    public Dictionary<string, long> Sizes => new()
    {
        ["n"] = 1, ["c"] = Channels, ["h"] = Size, ["w"] = Size, ["o"] = Results, ["r"] = Window, ["s"] = Window, ["stride"] = Stride, ["pad"] = Pad, ["out"] = Out,
    };

    /// <summary>Where in the image the product number <paramref name="p"/> of the element number <paramref name="at"/> is; −1: in the padding.</summary>
    public int Source(int p, int at)
    {
        int c = p / (Window * Window), r = p / Window % Window, s = p % Window;
        int y = at / Out * Stride + r - Pad, x = at % Out * Stride + s - Pad;
        return y >= 0 && y < Size && x >= 0 && x < Size ? (c * Size + y) * Size + x : -1;
    }
}
