using System.Numerics;

namespace Tx.Bench.Peers.Measuring;

/// <summary>C = A·B in double precision, and how far a result in single precision may be from it whatever order it adds in:
/// (K + 1)·2⁻²⁴·‖row of A‖·‖column of B‖.</summary>
internal sealed class ProductReference
{
    public const string Bound = "(K + 1) * 2^-24 * |row of A| * |column of B|";

    private readonly int _n;
    private readonly double[] _product, _rows, _columns;
    private readonly double _scale;

    /// <param name="a">M×K, row-major.</param>
    /// <param name="b">K×N, row-major.</param>
    public ProductReference(int m, int n, int k, Func<int, int, double> a, Func<int, int, double> b)
    {
        (_n, _scale) = (n, (k + 1) / (double)(1 << 24));
        (_rows, _columns) = (new double[m], new double[n]);
        _product = Multiply(m, n, k, (i, p) => Counted(a(i, p), ref _rows[i]), (p, j) => Counted(b(p, j), ref _columns[j]));
        for (int i = 0; i < m; i++) _rows[i] = Math.Sqrt(_rows[i]);
        for (int j = 0; j < n; j++) _columns[j] = Math.Sqrt(_columns[j]);
    }

    /// <summary>The product of small integers, of which nothing may differ.</summary>
    public static ArrayReference Exact(int m, int n, int k, Func<int, int, double> a, Func<int, int, double> b) => new(Multiply(m, n, k, a, b));

    /// <summary>The same with the sum of each pair of products clamped to 16 bits. The pair number <c>q</c> is the products number <c>first(q)</c> and <c>first(q) + apart</c>.</summary>
    public static ArrayReference Saturating(int m, int n, int k, Func<int, int> first, int apart, Func<int, int, int> a, Func<int, int, int> b)
    {
        int pairs = k / 2;
        var right = new (int First, int Second)[(long)pairs * n];
        for (int q = 0; q < pairs; q++)
            for (int j = 0; j < n; j++) right[(long)q * n + j] = (b(first(q), j), b(first(q) + apart, j));
        double[] product = new double[(long)m * n];
        for (int i = 0; i < m; i++)
            for (int q = 0; q < pairs; q++)
            {
                var (x, y) = (a(i, first(q)), a(i, first(q) + apart));
                var row = right.AsSpan(q * n, n);
                for (int j = 0; j < n; j++) product[(long)i * n + j] += Math.Clamp(x * row[j].First + y * row[j].Second, short.MinValue, short.MaxValue);
            }
        return new(product);
    }

    private static double Counted(double v, ref double squares)
    {
        squares += v * v;
        return v;
    }

    // Each operand's element is asked for once.
    private static double[] Multiply(int m, int n, int k, Func<int, int, double> a, Func<int, int, double> b)
    {
        double[] product = new double[(long)m * n], right = new double[(long)k * n];
        for (int p = 0; p < k; p++)
            for (int j = 0; j < n; j++) right[(long)p * n + j] = b(p, j);
        for (int i = 0; i < m; i++)
            for (int p = 0; p < k; p++) Accumulate(product.AsSpan(i * n, n), a(i, p), right.AsSpan(p * n, n));
        return product;
    }

    /// <summary>The largest error as a share of what is allowed; more than 1 is wrong, and so is what is no number.</summary>
    public double ErrorOf(ReadOnlySpan<float> result)
    {
        double worst = 0;
        for (int at = 0; at < result.Length; at++)
        {
            double error = Math.Abs(result[at] - _product[at]) / (_scale * _rows[at / _n] * _columns[at % _n]);
            if (!(error <= worst)) worst = double.IsNaN(error) ? double.PositiveInfinity : error;
        }
        return worst;
    }

    private static void Accumulate(Span<double> row, double v, ReadOnlySpan<double> with)
    {
        var wide = new Vector<double>(v);
        int j = 0;
        for (; j + Vector<double>.Count <= row.Length; j += Vector<double>.Count)
            (new Vector<double>(row[j..]) + wide * new Vector<double>(with[j..])).CopyTo(row[j..]);
        for (; j < row.Length; j++) row[j] += v * with[j];
    }
}
