using System.Diagnostics;

namespace Tx.Core;

/// <summary>The meaning of every operator on single values, as <c>docs/language.md</c> defines it. Slow and obvious: oracles and constant
/// folding use it; compiled code is compared with it.</summary>
public static class ScalarMath
{
    /// <summary>Applies an operator to two values of one type.</summary>
    /// <exception cref="DivideByZeroException">Integer division by zero.</exception>
    public static Scalar Apply(BinaryOp op, Scalar a, Scalar b)
    {
        if (op.IsComparison) return Scalar.Bool(Compare(op, a, b));
        if (a.Type.IsFloat) return ApplyFloat(op, a, b);
        unchecked
        {
            long x = a.Integer, y = b.Integer;
            bool unsigned64 = a.Type is ElementType.U64;
            return op switch
            {
                BinaryOp.Add => Scalar.Of(a.Type, x + y),
                BinaryOp.Sub => Scalar.Of(a.Type, x - y),
                BinaryOp.Mul => Scalar.Of(a.Type, x * y),
                BinaryOp.Div => Scalar.Of(a.Type, unsigned64 ? (long)((ulong)x / (ulong)y) : FloorDiv(x, y)),
                BinaryOp.Mod => Scalar.Of(a.Type, unsigned64 ? (long)((ulong)x % (ulong)y) : FloorMod(x, y)),
                BinaryOp.TruncDiv => Scalar.Of(a.Type, unsigned64 ? (long)((ulong)x / (ulong)y) : y == -1 ? -x : x / y),
                BinaryOp.TruncMod => Scalar.Of(a.Type, unsigned64 ? (long)((ulong)x % (ulong)y) : y == -1 ? 0 : x % y),
                BinaryOp.Min => a.Exact <= b.Exact ? a : b,
                BinaryOp.Max => a.Exact >= b.Exact ? a : b,
                BinaryOp.And => Scalar.Of(a.Type, x & y),
                BinaryOp.Or => Scalar.Of(a.Type, x | y),
                BinaryOp.Xor => Scalar.Of(a.Type, x ^ y),
                // An amount outside 0..width (an error of the program) shifts all bits out.
                BinaryOp.Shl => Scalar.Of(a.Type, y is >= 0 and < 64 ? x << (int)y : 0),
                BinaryOp.Shr => Scalar.Of(a.Type, y is >= 0 and < 64 ? a.Type.IsUnsigned ? (long)((ulong)x >> (int)y) : x >> (int)y : a.Type.IsSigned && x < 0 ? -1 : 0),
                _ => throw new UnreachableException(op.ToString()),
            };
        }
    }

    public static Scalar Apply(UnaryOp op, Scalar a) => op switch
    {
        UnaryOp.Neg => a.Type.IsFloat ? Scalar.Of(a.Type, -a.Real) : Scalar.Of(a.Type, unchecked(-a.Integer)),
        UnaryOp.Not => Scalar.Bool(!a.IsTrue),
        UnaryOp.BitNot => a.Type is ElementType.Bool ? Scalar.Bool(!a.IsTrue) : Scalar.Of(a.Type, ~a.Integer),
    };

    /// <summary>Transcendental functions are computed in double and rounded once.</summary>
    public static Scalar Apply(Intrinsic f, ReadOnlySpan<Scalar> args)
    {
        var t = args[0].Type;
        double x = t.IsFloat ? args[0].Real : 0;
        return f switch
        {
            Intrinsic.Exp => Scalar.Of(t, Math.Exp(x)),
            Intrinsic.Exp2 => Scalar.Of(t, Math.Pow(2, x)),
            Intrinsic.Log => Scalar.Of(t, Math.Log(x)),
            Intrinsic.Log2 => Scalar.Of(t, Math.Log2(x)),
            Intrinsic.Tanh => Scalar.Of(t, Math.Tanh(x)),
            // In the form that neither overflows nor cancels.
            Intrinsic.Sigmoid => Scalar.Of(t, x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x))),
            Intrinsic.Erf => Scalar.Of(t, ErrorFunction.Erf(x)),
            Intrinsic.Sin => Scalar.Of(t, Math.Sin(x)),
            Intrinsic.Cos => Scalar.Of(t, Math.Cos(x)),
            Intrinsic.Sqrt => Scalar.Of(t, Math.Sqrt(x)),
            Intrinsic.Rsqrt => Scalar.Of(t, 1 / Math.Sqrt(x)),
            Intrinsic.Pow => Scalar.Of(t, Math.Pow(x, args[1].Real)),
            Intrinsic.Abs => t.IsFloat ? Scalar.Of(t, Math.Abs(x)) : Scalar.Of(t, args[0].Integer < 0 && t.IsSigned ? unchecked(-args[0].Integer) : args[0].Integer),
            Intrinsic.Floor => Scalar.Of(t, Math.Floor(x)),
            Intrinsic.Ceil => Scalar.Of(t, Math.Ceiling(x)),
            Intrinsic.Round => Scalar.Of(t, Math.Round(x, MidpointRounding.ToEven)),
            Intrinsic.Trunc => Scalar.Of(t, Math.Truncate(x)),
            Intrinsic.Fma => t switch
            {
                ElementType.F64 => Scalar.Of(t, Math.FusedMultiplyAdd(x, args[1].Real, args[2].Real)),
                ElementType.F32 => Scalar.Of(t, MathF.FusedMultiplyAdd((float)x, (float)args[1].Real, (float)args[2].Real)),
                // The small floats as all else: in f32, rounded once more.
                ElementType.F16 or ElementType.BF16 => Scalar.Of(t, (double)MathF.FusedMultiplyAdd((float)x, (float)args[1].Real, (float)args[2].Real)),
                _ => Apply(BinaryOp.Add, Apply(BinaryOp.Mul, args[0], args[1]), args[2]),
            },
            Intrinsic.Popcount => Scalar.Of(t, long.PopCount(t.Bits == 64 ? args[0].Integer : args[0].Integer & ((1L << t.Bits) - 1))),
            Intrinsic.IsNan => Scalar.Bool(double.IsNaN(x)),
        };
    }

    public static Scalar Cast(CastKind kind, ElementType to, Scalar a) => kind switch
    {
        CastKind.Convert => Convert(to, a),
        CastKind.Saturate => a.Type.IsFloat ? Convert(to, a) : Clamp(to, a.Exact),
        CastKind.Bits => FromBits(to, ToBits(a)),
    };

    private static Scalar Convert(ElementType to, Scalar a)
    {
        if (to.IsFloat) return Scalar.Of(to, a.Type.IsFloat ? a.Real : Scalar.RoundInteger(to, a.Exact));
        if (!a.Type.IsFloat) return to is ElementType.Bool ? Scalar.Bool(a.IsTrue) : Scalar.Of(to, a.Integer);
        if (to is ElementType.Bool) return Scalar.Bool(a.Real != 0);
        if (double.IsNaN(a.Real)) return Scalar.Of(to, 0L);
        double low = (double)to.MinValue, high = (double)to.MaxValue, x = Math.Truncate(a.Real);
        return x <= low ? Clamp(to, to.MinValue) : x >= high ? Clamp(to, to.MaxValue) : Clamp(to, (Int128)x);
    }

    private static Scalar Clamp(ElementType to, Int128 value) =>
        Scalar.Of(to, unchecked((long)(ulong)Int128.Clamp(value, to.MinValue, to.MaxValue)));

    /// <summary>The element's bits in memory, zero-extended.</summary>
    public static ulong ToBits(Scalar a) => unchecked(a.Type switch
    {
        ElementType.F32 => BitConverter.SingleToUInt32Bits((float)a.Real),
        ElementType.F64 => BitConverter.DoubleToUInt64Bits(a.Real),
        ElementType.F16 => BitConverter.HalfToUInt16Bits((Half)a.Real),
        ElementType.BF16 => BitConverter.SingleToUInt32Bits((float)a.Real) >> 16,
        _ => a.Type.Bits == 64 ? (ulong)a.Integer : (ulong)a.Integer & ((1UL << a.Type.Bits) - 1),
    });

    /// <summary>The value that <see cref="ToBits"/> came from.</summary>
    public static Scalar FromBits(ElementType type, ulong bits) => unchecked(type switch
    {
        ElementType.F32 => Scalar.Of(type, (double)BitConverter.UInt32BitsToSingle((uint)bits)),
        ElementType.F64 => Scalar.Of(type, BitConverter.UInt64BitsToDouble(bits)),
        ElementType.F16 => Scalar.Of(type, (double)BitConverter.UInt16BitsToHalf((ushort)bits)),
        ElementType.BF16 => Scalar.Of(type, (double)BitConverter.UInt32BitsToSingle((uint)bits << 16)),
        _ => Scalar.Of(type, (long)bits),
    });

    /// <summary>The value of a reduction over nothing.</summary>
    public static Scalar Identity(ReduceKind kind, ElementType t) => kind switch
    {
        ReduceKind.Sum or ReduceKind.BitOr or ReduceKind.BitXor or ReduceKind.Any => Scalar.Of(t, 0L),
        ReduceKind.Prod or ReduceKind.All => Scalar.Of(t, 1L),
        ReduceKind.BitAnd => t is ElementType.Bool ? Scalar.Bool(true) : Scalar.Of(t, -1L),
        ReduceKind.Max or ReduceKind.ArgMax or ReduceKind.MaxAt => t.IsFloat ? Scalar.Of(t, double.NegativeInfinity) : Clamp(t, t.MinValue),
        ReduceKind.Min or ReduceKind.ArgMin or ReduceKind.MinAt => t.IsFloat ? Scalar.Of(t, double.PositiveInfinity) : Clamp(t, t.MaxValue),
        ReduceKind.User => throw new CompilerBugException("arithmetic", "a declared reducer has an identity of its own"),
    };

    /// <summary>The operator that combines two partial values of a reduction that keeps no index.</summary>
    public static BinaryOp Combiner(ReduceKind kind) => kind switch
    {
        ReduceKind.Sum => BinaryOp.Add,
        ReduceKind.Prod => BinaryOp.Mul,
        ReduceKind.Max or ReduceKind.MaxAt or ReduceKind.ArgMax => BinaryOp.Max,
        ReduceKind.Min or ReduceKind.MinAt or ReduceKind.ArgMin => BinaryOp.Min,
        ReduceKind.Any or ReduceKind.BitOr => BinaryOp.Or,
        ReduceKind.All or ReduceKind.BitAnd => BinaryOp.And,
        ReduceKind.BitXor => BinaryOp.Xor,
        ReduceKind.User => throw new CompilerBugException("arithmetic", "a declared reducer has a combiner of its own"),
    };

    public static long FloorDiv(long x, long y)
    {
        if (y == -1) return unchecked(-x);
        long q = x / y;
        return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
    }

    public static long FloorMod(long x, long y)
    {
        if (y == -1) return 0;
        long r = x % y;
        return r != 0 && (r < 0) != (y < 0) ? r + y : r;
    }

    private static bool Compare(BinaryOp op, Scalar a, Scalar b)
    {
        if (a.Type.IsFloat)
        {
            double x = a.Real, y = b.Real;
            return op switch
            {
                BinaryOp.Eq => x == y, BinaryOp.Ne => x != y, BinaryOp.Lt => x < y,
                BinaryOp.Le => x <= y, BinaryOp.Gt => x > y, _ => x >= y,
            };
        }
        int c = a.Exact.CompareTo(b.Exact);
        return op switch
        {
            BinaryOp.Eq => c == 0, BinaryOp.Ne => c != 0, BinaryOp.Lt => c < 0,
            BinaryOp.Le => c <= 0, BinaryOp.Gt => c > 0, _ => c >= 0,
        };
    }

    private static Scalar ApplyFloat(BinaryOp op, Scalar a, Scalar b)
    {
        double x = a.Real, y = b.Real;
        return op switch
        {
            // One double operation on two floats, rounded once more, is the correctly rounded float operation.
            BinaryOp.Add => Scalar.Of(a.Type, x + y),
            BinaryOp.Sub => Scalar.Of(a.Type, x - y),
            BinaryOp.Mul => Scalar.Of(a.Type, x * y),
            BinaryOp.Div => Scalar.Of(a.Type, x / y),
            BinaryOp.Mod => Scalar.Of(a.Type, y == 0 || double.IsInfinity(x) ? double.NaN : FloatMod(x, y)),
            BinaryOp.TruncDiv => Scalar.Of(a.Type, Math.Truncate(x / y)),
            BinaryOp.TruncMod => Scalar.Of(a.Type, x % y),
            BinaryOp.Min => double.IsNaN(x) ? a : double.IsNaN(y) ? b : y < x ? b : a,
            BinaryOp.Max => double.IsNaN(x) ? a : double.IsNaN(y) ? b : y > x ? b : a,
            _ => throw new UnreachableException(op.ToString()),
        };
    }

    private static double FloatMod(double x, double y)
    {
        double r = x % y;
        return r != 0 && (r < 0) != (y < 0) ? r + y : r;
    }
}
