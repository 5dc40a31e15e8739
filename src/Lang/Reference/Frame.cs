namespace Tx.Lang.Reference;

/// <summary>What one thread evaluates with: the values of the indices, and kept values of shared terms with the number of the point that
/// they belong to. Points are numbered so that a kept value is known to be old once any index has changed; a number is never used again.</summary>
internal static class Frame
{
    /// <summary>The slot of the current point's number.</summary>
    public const int Point = 0;
    private const int LastPoint = 1;

    /// <summary>Slots that are taken in every frame.</summary>
    public const int Reserved = 2;

    public static long[] Create(int length)
    {
        var frame = new long[length];
        Renumber(frame);
        return frame;
    }

    /// <summary>To be called after an index has changed.</summary>
    public static void Renumber(long[] frame) => frame[Point] = ++frame[LastPoint];
}
