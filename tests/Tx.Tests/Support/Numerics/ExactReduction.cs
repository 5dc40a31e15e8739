using System.Numerics;

namespace Tx.Tests.Support;

/// <summary>Sine and cosine by a reduction in integers, exact for every float: no library's is believed.</summary>
internal sealed class ExactReduction
{
    private const int Bits = 400;
    // 2/π · 2^Bits
    private readonly BigInteger _twoByPi;

    public ExactReduction()
    {
        // π = 16·atan(1/5) − 4·atan(1/239)
        var pi = 16 * InverseTangent(5) - 4 * InverseTangent(239);
        _twoByPi = (BigInteger.One << (2 * Bits + 1)) / pi;
    }

    /// <param name="x">Finite, at least 2²³ in magnitude.</param>
    public (double Sin, double Cos) Evaluate(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(MathF.Abs(x));
        var quarters = ((bits & 0x7fffff) | 0x800000) * _twoByPi << ((bits >> 23) - 150);
        int quadrant = (int)((quarters >> Bits) & 3);
        var fraction = quarters & ((BigInteger.One << Bits) - 1);
        if (fraction >> (Bits - 1) == 1)
        {
            fraction -= BigInteger.One << Bits;
            quadrant++;
        }
        double r = Math.ScaleB((double)(fraction >> (Bits - 128)), -128) * (Math.PI / 2);
        var (sin, cos) = (quadrant & 3) switch
        {
            0 => (Math.Sin(r), Math.Cos(r)),
            1 => (Math.Cos(r), -Math.Sin(r)),
            2 => (-Math.Sin(r), -Math.Cos(r)),
            _ => (-Math.Cos(r), Math.Sin(r)),
        };
        return (x < 0 ? -sin : sin, cos);
    }

    private static BigInteger InverseTangent(int n)
    {
        BigInteger power = (BigInteger.One << Bits) / n, sum = power;
        for (int k = 3; !power.IsZero; k += 2)
        {
            power /= -n * n;
            sum += power / k;
        }
        return sum;
    }
}
