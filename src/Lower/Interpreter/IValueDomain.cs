using Tx.Core;

namespace Tx.Lower.Interpreter;

/// <summary>What float values are while a loop nest runs. Integers, indices and bools are always exact machine values; floats are 64 bits that only
/// the domain understands, so that the same nest can be run on numbers or on exact residues.</summary>
public interface IValueDomain
{
    long FromScalar(Scalar value);
    /// <summary>A value for people and for outputs; may lose information.</summary>
    Scalar ToScalar(ElementType type, long value);
    /// <summary>Arithmetic, minimum and maximum.</summary>
    long Apply(BinaryOp op, ElementType type, long a, long b);
    bool Compare(BinaryOp op, ElementType type, long a, long b);
    long Negate(ElementType type, long a);
    /// <summary>Any intrinsic but <see cref="Intrinsic.IsNan"/>.</summary>
    long Apply(Intrinsic function, ElementType type, ReadOnlySpan<long> arguments);
    bool IsNan(ElementType type, long a);
    /// <summary>A cast from or to a float type; integers on the other side as in <see cref="Scalar.Integer"/>.</summary>
    long Cast(CastKind kind, ElementType from, ElementType to, long a);
}
