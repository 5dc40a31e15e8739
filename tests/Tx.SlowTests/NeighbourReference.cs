using Tx.Tests.Support;

namespace Tx.SlowTests;

/// <summary>The exact values of a function at 64 neighbouring floats. Where it is smooth there, they come from a cubic through four of them, which two more must
/// confirm to within 2⁻¹² units of an <c>f32</c>'s last place; elsewhere each is computed. That takes a tenth of the time.</summary>
internal static class NeighbourReference
{
    public const int Count = 64;
    private const int First = 21, Second = 42, Third = 63;

    public static void Fill(Func<double, double> f, ReadOnlySpan<float> x, Span<double> values)
    {
        double y0 = f(x[0]), y1 = f(x[First]), y2 = f(x[Second]), y3 = f(x[Third]), low = f(x[10]), middle = f(x[31]);
        if (Same(y0, y1) && Same(y0, y2) && Same(y0, y3) && Same(y0, low) && Same(y0, middle))
        {
            values.Fill(y0);
            return;
        }
        // Newton's form in steps of 21, expanded.
        double d1 = y1 - y0, d2 = (y2 - 2 * y1 + y0) / 2, d3 = (y3 - 3 * y2 + 3 * y1 - y0) / 6;
        double c1 = (d1 - d2 + 2 * d3) / First, c2 = (d2 - 3 * d3) / (First * First), c3 = d3 / (First * First * First);
        if (y0 == 0 || y3 == 0 || !Confirms(10, low) || !Confirms(31, middle))
        {
            for (int i = 0; i < Count; i++) values[i] = f(x[i]);
            return;
        }
        for (int i = 0; i < Count; i++) values[i] = y0 + i * (c1 + i * (c2 + i * c3));

        // NaN confirms nothing.
        bool Confirms(int i, double exact) => FloatError.Ulps((float)exact, exact) <= 0.5
            && Math.Abs(y0 + i * (c1 + i * (c2 + i * c3)) - exact) * FloatError.InverseUlp((float)exact) < 1.0 / 4096;
    }

    private static bool Same(double a, double b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);
}
