using Tx.Core;

namespace Tx.Lower.Interpreter;

/// <summary>Floats as numbers, rounded to their type after every operation: the meaning that <see cref="ScalarMath"/> defines.</summary>
public sealed class NumericDomain : IValueDomain
{
    public static readonly NumericDomain Instance = new();

    private NumericDomain() { }

    public long FromScalar(Scalar value) => Bits(value.Real);
    public Scalar ToScalar(ElementType type, long value) => Scalar.Of(type, Real(value));

    public long Apply(BinaryOp op, ElementType type, long a, long b) => (type, op) switch
    {
        (ElementType.F32, BinaryOp.Add) => Bits((float)(Real(a) + Real(b))),
        (ElementType.F32, BinaryOp.Mul) => Bits((float)(Real(a) * Real(b))),
        (ElementType.F64, BinaryOp.Add) => Bits(Real(a) + Real(b)),
        (ElementType.F64, BinaryOp.Mul) => Bits(Real(a) * Real(b)),
        _ => Bits(ScalarMath.Apply(op, ToScalar(type, a), ToScalar(type, b)).Real),
    };

    public bool Compare(BinaryOp op, ElementType type, long a, long b) => ScalarMath.Apply(op, ToScalar(type, a), ToScalar(type, b)).IsTrue;
    public long Negate(ElementType type, long a) => Bits(-Real(a));

    public long Apply(Intrinsic function, ElementType type, ReadOnlySpan<long> arguments)
    {
        Span<Scalar> values = new Scalar[arguments.Length];
        for (int i = 0; i < values.Length; i++) values[i] = ToScalar(type, arguments[i]);
        return Bits(ScalarMath.Apply(function, values).Real);
    }

    public bool IsNan(ElementType type, long a) => double.IsNaN(Real(a));

    public long Cast(CastKind kind, ElementType from, ElementType to, long a)
    {
        var result = ScalarMath.Cast(kind, to, from.IsFloat ? ToScalar(from, a) : Scalar.Of(from, a));
        return to.IsFloat ? Bits(result.Real) : result.Integer;
    }

    private static double Real(long bits) => BitConverter.Int64BitsToDouble(bits);
    private static long Bits(double x) => BitConverter.DoubleToInt64Bits(x);
}
