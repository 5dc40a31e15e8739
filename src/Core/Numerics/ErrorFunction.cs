namespace Tx.Core;

/// <summary>The error function in double precision: its Taylor series below 2, the continued fraction of erfc above
/// (Abramowitz and Stegun 7.1.6 and 7.1.14). Relative error below 2e-15, enough to judge single precision.</summary>
public static class ErrorFunction
{
    public static double Erf(double x)
    {
        if (double.IsNaN(x)) return x;
        double a = Math.Abs(x);
        if (a > 6) return Math.Sign(x);
        return a < 2 ? Series(x) : Math.Sign(x) * (1 - ContinuedFraction(a));
    }

    // erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)); all terms have one sign, so nothing cancels.
    private static double Series(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Gauss(x) * sum;
    }

    // e^(−x²) without the error that rounding x² alone would make.
    private static double Gauss(double x)
    {
        double square = x * x;
        return Math.Exp(-square) * (1 - Math.FusedMultiplyAdd(x, x, -square));
    }

    private static double ContinuedFraction(double x)
    {
        double f = 0;
        for (int n = 60; n >= 1; n--) f = n / 2.0 / (x + f);
        return Gauss(x) / Math.Sqrt(Math.PI) / (x + f);
    }
}
