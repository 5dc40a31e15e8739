using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>Whether arguments share memory. Where that is not settled, the answer is that they do.</summary>
internal static unsafe class Overlap
{
    /// <summary>True unless no element of <paramref name="a"/> shares a byte with one of <paramref name="b"/>.</summary>
    public static bool MayShare(in ArgumentView a, in ArgumentView b)
    {
        if (!Meet(a, b)) return false;
        if (!a.IsStrided && !b.IsStrided) return true;
        // Interleaved views, such as two column blocks of a matrix: seen modulo a distance that both step by, they lie apart.
        for (int d = 0; d < a.Rank; d++)
            if (a.IsStrided && a.Shape[d] > 1 && LieApart(a, b, a.Strides[d] * a.Type.Bytes)) return false;
        for (int d = 0; d < b.Rank; d++)
            if (b.IsStrided && b.Shape[d] > 1 && LieApart(a, b, b.Strides[d] * b.Type.Bytes)) return false;
        return true;
    }

    /// <summary>Whether the bytes from the first to the last of both meet. A difference of addresses that wraps is larger than any tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Meet(in ArgumentView a, in ArgumentView b) => unchecked(
        a.Bytes != 0 && b.Bytes != 0 && ((nuint)a.Data - (nuint)b.Data < (nuint)b.Bytes || (nuint)b.Data - (nuint)a.Data < (nuint)a.Bytes));

    /// <summary>True unless each element has bytes of its own: every stride is larger than all that the smaller ones reach.</summary>
    public static bool MayShareElements(in ArgumentView v)
    {
        Int128 reach = 0;
        long last = 0;
        for (int done = 0; done < v.Rank; done++)
        {
            // The next larger stride; equal ones of more than one element meet.
            int next = -1;
            for (int d = 0; d < v.Rank; d++)
                if (v.Shape[d] > 1 && v.Strides[d] > last && (next < 0 || v.Strides[d] < v.Strides[next])) next = d;
            for (int d = 0; d < v.Rank; d++)
                if (v.Shape[d] > 1 && (v.Strides[d] == 0 || (d != next && next >= 0 && v.Strides[d] == v.Strides[next]))) return true;
            if (next < 0) return false;
            if (v.Strides[next] <= reach) return true;
            reach += (Int128)(v.Shape[next] - 1) * v.Strides[next];
            last = v.Strides[next];
        }
        return false;
    }

    private static bool LieApart(in ArgumentView a, in ArgumentView b, long period)
    {
        if (period <= 0 || Residue(a, period) is not { } x || Residue(b, period) is not { } y) return false;
        long start = ((long)b.Data - (long)a.Data) % period;
        if (start < 0) start += period;
        // a covers 0..x, b covers start..start + y, both around a ring of this length.
        return x <= start && start + y <= period;
    }

    // How many bytes from its start on a view touches, modulo a period; null where that is not a part of one round.
    private static long? Residue(in ArgumentView v, long period)
    {
        if (!v.IsStrided) return v.Bytes <= period ? v.Bytes : null;
        Int128 reach = v.Type.Bytes;
        for (int d = 0; d < v.Rank; d++)
            if (v.Shape[d] > 1 && (Int128)v.Strides[d] * v.Type.Bytes % period != 0) reach += (Int128)(v.Shape[d] - 1) * v.Strides[d] * v.Type.Bytes;
        return reach <= period ? (long)reach : null;
    }
}
