using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Dependence;

/// <summary>Values of index expressions and conditions at one point. A value is null where it depends on data, on a variable without a value, on a
/// division by 0, or leaves 64 bits. A bool is 0 or 1.</summary>
internal sealed class PointEvaluator(IReadOnlyDictionary<Var, long> point)
{
    private readonly Dictionary<Expr, long?> _done = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Var, long?> _lets = [];

    public long? Evaluate(Expr e)
    {
        switch (e)
        {
            case IntImm i: return i.Value;
            case Var v: return _lets.TryGetValue(v, out var let) ? let : point.TryGetValue(v, out long value) ? value : null;
        }
        if (_done.TryGetValue(e, out var known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return _done[e] = Compute(e);
    }

    public bool IsTrue(Expr condition) => Evaluate(condition) is 1;

    private long? Compute(Expr e)
    {
        if (e.Type.Lanes != 1) return null;
        switch (e)
        {
            case Unary { Op: UnaryOp.Not, Type.Element: ElementType.Bool } u: return Evaluate(u.Operand) is { } x ? 1 - x : null;
            case Unary { Op: UnaryOp.Neg, Type.Element: ElementType.I64 } u: return Evaluate(u.Operand) is { } y ? Fit(-(Int128)y) : null;
            case Binary { Type.Element: ElementType.Bool, Op: BinaryOp.And or BinaryOp.Or } b: return Logical(b.Op is BinaryOp.And, Evaluate(b.Left), Evaluate(b.Right));
            case Binary b when b.Left.Type.Element is ElementType.I64 or ElementType.Bool: return Evaluate(b.Left) is { } l && Evaluate(b.Right) is { } r ? Apply(b.Op, l, r) : null;
            case Select s: return Evaluate(s.Condition) is { } choice ? Evaluate(choice != 0 ? s.Then : s.Else) : null;
            case Call { Function: Intrinsic.Abs, Type.Element: ElementType.I64 } c: return Evaluate(c.Arguments[0]) is { } a ? Fit(Int128.Abs(a)) : null;
            case Let let:
                _lets[let.Variable] = Evaluate(let.Value);
                return Evaluate(let.Body);
            default: return null;
        }
    }

    // One side decides where the other is not known.
    private static long? Logical(bool isAnd, long? left, long? right) =>
        isAnd ? left == 0 || right == 0 ? 0 : left is null || right is null ? null : 1
        : left == 1 || right == 1 ? 1 : left is null || right is null ? null : 0;

    private static long? Apply(BinaryOp op, long l, long r) => op switch
    {
        BinaryOp.Add => Fit((Int128)l + r),
        BinaryOp.Sub => Fit((Int128)l - r),
        BinaryOp.Mul => Fit((Int128)l * r),
        BinaryOp.Div => r == 0 || r == -1 ? r == 0 ? null : Fit(-(Int128)l) : ScalarMath.FloorDiv(l, r),
        BinaryOp.Mod => r == 0 ? null : r == -1 ? 0 : ScalarMath.FloorMod(l, r),
        BinaryOp.TruncDiv => r == 0 ? null : Fit((Int128)l / r),
        BinaryOp.TruncMod => r == 0 ? null : Fit((Int128)l % r),
        BinaryOp.Min => Math.Min(l, r),
        BinaryOp.Max => Math.Max(l, r),
        BinaryOp.Xor => l ^ r,
        BinaryOp.And => l & r,
        BinaryOp.Or => l | r,
        BinaryOp.Shl or BinaryOp.Shr => null,
        BinaryOp.Eq => l == r ? 1 : 0,
        BinaryOp.Ne => l != r ? 1 : 0,
        BinaryOp.Lt => l < r ? 1 : 0,
        BinaryOp.Le => l <= r ? 1 : 0,
        BinaryOp.Gt => l > r ? 1 : 0,
        BinaryOp.Ge => l >= r ? 1 : 0,
    };

    private static long? Fit(Int128 x) => x >= long.MinValue && x <= long.MaxValue ? (long)x : null;
}
