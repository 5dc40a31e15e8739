namespace Tx.Lang.Reference;

/// <summary>Index variables with their ranges, walked in lexicographic order; a range may depend on the indices before it. The values
/// stand in the frame's slots.</summary>
/// <param name="numbersPoints">Whether each change of an index gives the frame a new number (see <see cref="Frame"/>).</param>
internal sealed class IterationDomain(int[] slots, IntegerCode[] starts, IntegerCode[] ends, bool numbersPoints, CancellationToken cancellation)
{
    public int Rank => slots.Length;
    public ReadOnlySpan<int> Slots => slots;

    public IterationDomain Take(int count) => new(slots[..count], starts[..count], ends[..count], numbersPoints, cancellation);
    public IterationDomain Skip(int count) => new(slots[count..], starts[count..], ends[count..], numbersPoints, cancellation);

    /// <summary>Sets the indices to the first point; false where there is none.</summary>
    /// <param name="limits">One element for each index, kept by the caller for <see cref="Next"/>.</param>
    public bool First(long[] frame, Span<long> limits) => Descend(frame, limits, 0);

    /// <summary>Sets the indices to the next point; false after the last.</summary>
    public bool Next(long[] frame, Span<long> limits)
    {
        cancellation.ThrowIfCancellationRequested();
        int d = slots.Length - 1;
        while (d >= 0 && ++frame[slots[d]] >= limits[d]) d--;
        if (numbersPoints) Frame.Renumber(frame);
        return d >= 0 && (d == slots.Length - 1 || Descend(frame, limits, d + 1));
    }

    private bool Descend(long[] frame, Span<long> limits, int d)
    {
        while (d < slots.Length)
        {
            if (numbersPoints) Frame.Renumber(frame);
            frame[slots[d]] = starts[d](frame);
            limits[d] = ends[d](frame);
            if (frame[slots[d]] < limits[d])
            {
                d++;
                continue;
            }
            do
            {
                cancellation.ThrowIfCancellationRequested();
                if (--d < 0) return false;
            }
            while (++frame[slots[d]] >= limits[d]);
            d++;
        }
        if (numbersPoints) Frame.Renumber(frame);
        return true;
    }
}
