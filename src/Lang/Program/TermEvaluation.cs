using System.Numerics;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lang.Program;

public static partial class Terms
{
    /// <summary>The value of a term of type <c>int</c> for given symbols; null where a symbol is missing, a part is data, a divisor is
    /// zero, or a number does not fit in 64 bits.</summary>
    public static long? Evaluate(Term term, IReadOnlyDictionary<DimSymbol, long>? dims = null, IReadOnlyDictionary<IndexSymbol, long>? indices = null) =>
        Exact(term, dims, indices) is { } value ? AffineForm.ToLong(value) : null;

    /// <summary>The truth of a condition over <c>int</c> for given symbols; null where it cannot be told. The right side of
    /// <c>&amp;&amp;</c> and <c>||</c> counts only where it is needed.</summary>
    public static bool? Decide(Term condition, IReadOnlyDictionary<DimSymbol, long>? dims = null, IReadOnlyDictionary<IndexSymbol, long>? indices = null)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (condition)
        {
            case ConstTerm { Type: ElementType.Bool } c: return c.Value.IsTrue;
            case UnaryTerm { Op: UnaryOp.Not } u: return !Decide(u.Operand, dims, indices);
            case LogicalTerm l:
                var left = Decide(l.Left, dims, indices);
                if (left == !l.IsAnd) return left;
                var right = Decide(l.Right, dims, indices);
                return left is null ? right == !l.IsAnd ? right : null : right;
            case SelectTerm s: return Decide(s.Condition, dims, indices) is { } taken ? Decide(taken ? s.Then : s.Else, dims, indices) : null;
            case BinaryTerm { Op.IsComparison: true } b:
                if (b.Left.Type is ElementType.Bool && Decide(b.Left, dims, indices) is { } p && Decide(b.Right, dims, indices) is { } q)
                    return Compare(b.Op, p.CompareTo(q));
                return Exact(b.Left, dims, indices) is { } x && Exact(b.Right, dims, indices) is { } y ? Compare(b.Op, x.CompareTo(y)) : null;
            case BinaryTerm { Type: ElementType.Bool, Op: BinaryOp.And or BinaryOp.Or or BinaryOp.Xor } b:
                if (Decide(b.Left, dims, indices) is not { } m || Decide(b.Right, dims, indices) is not { } n) return null;
                return b.Op is BinaryOp.And ? m & n : b.Op is BinaryOp.Or ? m | n : m ^ n;
            default: return null;
        }
    }

    private static BigInteger? Exact(Term term, IReadOnlyDictionary<DimSymbol, long>? dims, IReadOnlyDictionary<IndexSymbol, long>? indices)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm { Type: ElementType.Int } c: return c.Value.Integer;
            case DimTerm d: return dims is not null && dims.TryGetValue(d.Dim, out long size) ? size : null;
            case IndexTerm i: return indices is not null && indices.TryGetValue(i.Index, out long index) ? index : null;
            case UnaryTerm { Type: ElementType.Int } u:
                return Exact(u.Operand, dims, indices) is { } v ? u.Op switch { UnaryOp.Neg => -v, UnaryOp.BitNot => -v - 1, _ => null } : null;
            case CastTerm { Type: ElementType.Int, Kind: CastKind.Convert } c when c.Operand.Type.IsInteger: return Exact(c.Operand, dims, indices);
            case CastTerm { Kind: CastKind.Convert, Operand.Type: ElementType.Int, Type: var type } c when type.IsInteger:
                return Exact(c.Operand, dims, indices) is { } n && n >= type.MinValue && n <= type.MaxValue ? n : null;
            case SelectTerm { Type: ElementType.Int } s:
                return Decide(s.Condition, dims, indices) is { } taken ? Exact(taken ? s.Then : s.Else, dims, indices) : null;
            case IntrinsicTerm { Type: ElementType.Int, Function: Intrinsic.Abs } f:
                return Exact(f.Arguments[0], dims, indices) is { } a ? BigInteger.Abs(a) : null;
            case BinaryTerm { Type: ElementType.Int } b:
                if (Exact(b.Left, dims, indices) is not { } x || Exact(b.Right, dims, indices) is not { } y) return null;
                var result = Apply(b.Op, x, y);
                // As long as a chain of products; no int in a program is.
                return result?.GetBitLength() > 1024 ? null : result;
            default: return null;
        }
    }

    private static BigInteger? Apply(BinaryOp op, BigInteger x, BigInteger y) => op switch
    {
        BinaryOp.Add => x + y,
        BinaryOp.Sub => x - y,
        BinaryOp.Mul => x * y,
        BinaryOp.Div => y.IsZero ? null : AffineForm.Floor(x, y),
        BinaryOp.Mod => y.IsZero ? null : x - AffineForm.Floor(x, y) * y,
        BinaryOp.TruncDiv => y.IsZero ? null : BigInteger.Divide(x, y),
        BinaryOp.TruncMod => y.IsZero ? null : BigInteger.Remainder(x, y),
        BinaryOp.Min => BigInteger.Min(x, y),
        BinaryOp.Max => BigInteger.Max(x, y),
        BinaryOp.And => x & y,
        BinaryOp.Or => x | y,
        BinaryOp.Xor => x ^ y,
        BinaryOp.Shl => y >= 0 && y < 64 ? x << (int)y : null,
        BinaryOp.Shr => y >= 0 && y < 64 ? x >> (int)y : null,
        _ => null,
    };
}
