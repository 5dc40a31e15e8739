using Tx.Core;

namespace Tx.Lower.Interpreter;

/// <summary>Floats as exact residues modulo the prime 2⁶¹ − 1. Every finite float is a fraction over a power of two and so has a residue; sums,
/// products and quotients are exact and do not depend on their order; minimum and maximum use one fixed order of the residues; any other function
/// is a hash of its arguments. Two nests that compute the same thing up to reassociation agree bit for bit, and ones that do not disagree almost surely.</summary>
public sealed class ModularDomain : IValueDomain
{
    public const long Modulus = (1L << 61) - 1;
    // Outside the field: they only mean something to minimum, maximum and comparisons.
    private const long NegativeInfinity = -1, PositiveInfinity = Modulus, NotANumber = Modulus + 1;

    public static readonly ModularDomain Instance = new();

    private ModularDomain() { }

    public long FromScalar(Scalar value)
    {
        double x = value.Real;
        if (double.IsNaN(x)) return NotANumber;
        if (double.IsInfinity(x)) return x > 0 ? PositiveInfinity : NegativeInfinity;
        if (x == 0) return 0;
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & ((1L << 52) - 1);
        if (exponent == 0) exponent = 1; else mantissa |= 1L << 52;
        // 2⁶¹ = 1, so powers of two come round after 61 steps.
        int power = ((exponent - 1075) % 61 + 61) % 61;
        long residue = Multiply(mantissa % Modulus, 1L << power);
        return x < 0 ? Subtract(0, residue) : residue;
    }

    public Scalar ToScalar(ElementType type, long value) => Scalar.Of(type, value switch
    {
        NegativeInfinity => double.NegativeInfinity,
        PositiveInfinity => double.PositiveInfinity,
        NotANumber => double.NaN,
        _ => value,
    });

    public long Apply(BinaryOp op, ElementType type, long a, long b)
    {
        if (op is BinaryOp.Min) return a == NotANumber || b == NotANumber ? NotANumber : Math.Min(a, b);
        if (op is BinaryOp.Max) return a == NotANumber || b == NotANumber ? NotANumber : Math.Max(a, b);
        if (!IsResidue(a) || !IsResidue(b)) return Hash((int)op, a, b);
        return op switch
        {
            BinaryOp.Add => Add(a, b),
            BinaryOp.Sub => Subtract(a, b),
            BinaryOp.Mul => Multiply(a, b),
            BinaryOp.Div when b != 0 => Multiply(a, Power(b, Modulus - 2)),
            _ => Hash((int)op, a, b),
        };
    }

    public bool Compare(BinaryOp op, ElementType type, long a, long b) => op switch
    {
        BinaryOp.Ne => a != b || a == NotANumber,
        _ when a == NotANumber || b == NotANumber => false,
        BinaryOp.Eq => a == b,
        BinaryOp.Lt => a < b,
        BinaryOp.Le => a <= b,
        BinaryOp.Gt => a > b,
        _ => a >= b,
    };

    public long Negate(ElementType type, long a) =>
        a switch { NegativeInfinity => PositiveInfinity, PositiveInfinity => NegativeInfinity, NotANumber => NotANumber, _ => Subtract(0, a) };

    public long Apply(Intrinsic function, ElementType type, ReadOnlySpan<long> arguments)
    {
        if (function is Intrinsic.Fma) return Apply(BinaryOp.Add, type, Apply(BinaryOp.Mul, type, arguments[0], arguments[1]), arguments[2]);
        long h = Hash(1000 + (int)function, arguments.Length, 0);
        foreach (long a in arguments) h = Hash(2000, h, a);
        return h;
    }

    public bool IsNan(ElementType type, long a) => a == NotANumber;

    public long Cast(CastKind kind, ElementType from, ElementType to, long a)
    {
        if (kind is CastKind.Bits) return to.IsFloat ? Hash(3000 + (int)to, a, 0) : Scalar.Of(to, Hash(3000 + (int)to, a, 0)).Integer;
        if (!to.IsFloat) return Scalar.Of(to, Hash(4000 + (int)to, a, 0)).Integer;
        if (from.IsFloat) return a;
        Int128 exact = Scalar.Of(from, a).Exact % Modulus;
        return (long)(exact < 0 ? exact + Modulus : exact);
    }

    private static bool IsResidue(long a) => a is >= 0 and < Modulus;

    private static long Add(long a, long b) => a >= Modulus - b ? a - (Modulus - b) : a + b;
    private static long Subtract(long a, long b) => a >= b ? a - b : a + (Modulus - b);

    private static long Multiply(long a, long b)
    {
        UInt128 p = (UInt128)(ulong)a * (ulong)b;
        long sum = (long)(ulong)(p & (ulong)Modulus) + (long)(ulong)(p >> 61);
        return sum >= Modulus ? sum - Modulus : sum;
    }

    private static long Power(long x, long n)
    {
        long result = 1;
        for (; n > 0; n >>= 1, x = Multiply(x, x))
            if ((n & 1) != 0) result = Multiply(result, x);
        return result;
    }

    // Two rounds of a 64-bit finaliser (Stafford's mix 13 of MurmurHash3), reduced to the field.
    internal static long Hash(long tag, long a, long b)
    {
        ulong h = unchecked(Mix(Mix((ulong)tag * 0x9E3779B97F4A7C15 ^ (ulong)a) + (ulong)b * 0xD6E8FEB86659FD93));
        return (long)(h % (ulong)Modulus);
    }

    private static ulong Mix(ulong x)
    {
        unchecked
        {
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }
}
