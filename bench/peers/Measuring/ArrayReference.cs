namespace Tx.Bench.Peers.Measuring;

/// <summary>A result in double precision, and how far each element may be from it.</summary>
internal sealed class ArrayReference(double[] wanted, double[] allowed)
{
    /// <summary>Nothing may differ.</summary>
    public ArrayReference(double[] wanted) : this(wanted, new double[wanted.Length]) { }

    /// <summary>The largest error as a share of what is allowed; more than 1 is wrong, and so is what is no number.</summary>
    public double ErrorOf<T>(ReadOnlySpan<T> result) where T : unmanaged, System.Numerics.INumber<T>
    {
        if (result.Length != wanted.Length) return double.PositiveInfinity;
        double worst = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            double off = Math.Abs(double.CreateChecked(result[i]) - wanted[i]);
            double share = off == 0 ? 0 : off / allowed[i];
            if (!(share <= worst)) worst = double.IsNaN(share) ? double.PositiveInfinity : share;
        }
        return worst;
    }
}
