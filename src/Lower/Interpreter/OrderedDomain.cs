using Tx.Core;

namespace Tx.Lower.Interpreter;

/// <summary>The values of <see cref="ModularDomain"/>, but sums and products are hashes of their operands: two nests agree only where they do the same operations in the
/// same order. For reductions and updates whose order counts.</summary>
public sealed class OrderedDomain : IValueDomain
{
    public static readonly OrderedDomain Instance = new();

    private static readonly ModularDomain Exact = ModularDomain.Instance;

    private OrderedDomain() { }

    public long FromScalar(Scalar value) => Exact.FromScalar(value);
    public Scalar ToScalar(ElementType type, long value) => Exact.ToScalar(type, value);

    public long Apply(BinaryOp op, ElementType type, long a, long b) =>
        op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.Div ? ModularDomain.Hash(5000 + (int)op, a, b) : Exact.Apply(op, type, a, b);

    public bool Compare(BinaryOp op, ElementType type, long a, long b) => Exact.Compare(op, type, a, b);
    public long Negate(ElementType type, long a) => Exact.Negate(type, a);

    public long Apply(Intrinsic function, ElementType type, ReadOnlySpan<long> arguments) =>
        function is Intrinsic.Fma ? Apply(BinaryOp.Add, type, Apply(BinaryOp.Mul, type, arguments[0], arguments[1]), arguments[2]) : Exact.Apply(function, type, arguments);

    public bool IsNan(ElementType type, long a) => Exact.IsNan(type, a);
    public long Cast(CastKind kind, ElementType from, ElementType to, long a) => Exact.Cast(kind, from, to, a);
}
