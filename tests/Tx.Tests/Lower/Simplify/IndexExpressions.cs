using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Simplify;

/// <summary>Random index and bool expressions over small variables, and their value by the definition of the operators.</summary>
internal sealed class IndexExpressions(int seed)
{
    private readonly Random _random = new(seed);

    public (Var Variable, long Min, long Extent)[] Variables { get; } =
        [(Var.Index("i"), 0, 4), (Var.Index("j"), 0, 8), (Var.Index("k"), -3, 5), (Var.Index("n"), 1, 6)];

    public Expr Index(int depth)
    {
        if (depth == 0 || _random.Next(6) == 0)
            return _random.Next(3) == 0 ? IntImm.Index(_random.Next(-9, 17)) : Variables[_random.Next(Variables.Length)].Variable;
        Expr Positive() => _random.Next(4) == 0 ? Variables[3].Variable : IntImm.Index((long)_random.Next(1, 5) * _random.Next(1, 5));
        return _random.Next(11) switch
        {
            0 or 1 => new Binary(BinaryOp.Add, Index(depth - 1), Index(depth - 1)),
            2 => new Binary(BinaryOp.Sub, Index(depth - 1), Index(depth - 1)),
            3 => new Binary(BinaryOp.Mul, Index(depth - 1), IntImm.Index(_random.Next(-4, 9))),
            4 or 5 => new Binary(BinaryOp.Div, Index(depth - 1), Positive()),
            6 or 7 => new Binary(BinaryOp.Mod, Index(depth - 1), Positive()),
            8 => new Binary(_random.Next(2) == 0 ? BinaryOp.Min : BinaryOp.Max, Index(depth - 1), Index(depth - 1)),
            9 => new Select(Condition(depth - 1), Index(depth - 1), Index(depth - 1)),
            _ => new Unary(UnaryOp.Neg, Index(depth - 1)),
        };
    }

    public Expr Condition(int depth) => depth > 0 && _random.Next(3) == 0
        ? _random.Next(3) switch
        {
            0 => new Unary(UnaryOp.Not, Condition(depth - 1)),
            1 => new Binary(BinaryOp.And, Condition(depth - 1), Condition(depth - 1)),
            _ => new Binary(BinaryOp.Or, Condition(depth - 1), Condition(depth - 1)),
        }
        : new Binary((BinaryOp)((int)BinaryOp.Eq + _random.Next(6)), Index(depth), Index(depth));

    public Dictionary<Var, long> Assignment() => Variables.ToDictionary(v => v.Variable, v => v.Min + _random.NextInt64(v.Extent));

    public static long Evaluate(Expr e, Dictionary<Var, long> values)
    {
        long E(Expr x) => Evaluate(x, values);
        return e switch
        {
            IntImm i => i.Value,
            Var v => values[v],
            Binary b => ScalarMath.Apply(b.Op, Scalar.Of(b.Left.Type.Element, E(b.Left)), Scalar.Of(b.Left.Type.Element, E(b.Right))).Integer,
            Unary u => ScalarMath.Apply(u.Op, Scalar.Of(u.Type.Element, E(u.Operand))).Integer,
            Select s => E(s.Condition) != 0 ? E(s.Then) : E(s.Else),
            _ => throw new InvalidOperationException(e.GetType().Name),
        };
    }
}
