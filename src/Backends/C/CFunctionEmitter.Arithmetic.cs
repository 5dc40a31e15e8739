using System.Numerics;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

// Operators mean what ScalarMath says, bit for bit. Where C's own operator does, it is written; elsewhere a helper is called.
internal sealed partial class CFunctionEmitter
{
    /// <summary>Where an integer lies.</summary>
    private readonly record struct Interval(Int128 Min, Int128 Max)
    {
        public Interval Negated() => new(-Max, -Min);
        public bool IsWithin(ElementType t) => Min >= t.MinValue && Max <= t.MaxValue;
    }

    /// <summary>An expression over loop variables, dimensions and constants, whose sums are proved not to overflow.</summary>
    private bool IsIndex(Expr e)
    {
        if (e.Type != IrType.Index || _isData) return false;
        return e switch
        {
            IntImm i => i.Value is >= int.MinValue and <= int.MaxValue,
            Var v => module.Indices.Contains(v),
            Binary { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod or BinaryOp.Min or BinaryOp.Max } b => IsIndex(b.Left) && IsIndex(b.Right),
            Unary { Op: UnaryOp.Neg } u => IsIndex(u.Operand),
            Select s => IsIndex(s.Then) && IsIndex(s.Else),
            _ => false,
        };
    }

    private bool IsExact(Expr e, Interval value) => IsIndex(e) || value.IsWithin(Stored(e.Type.Element));

    /// <summary>Bounds of an integer that follow from the types of what it is made of.</summary>
    private Interval RangeOf(Expr e)
    {
        var t = Stored(e.Type.Element);
        var whole = t.IsFloat ? default : new Interval(t.MinValue, t.MaxValue);
        Interval? known = e switch
        {
            IntImm i => new(Scalar.Of(t, i.Value).Exact, Scalar.Of(t, i.Value).Exact),
            Cast { Kind: CastKind.Convert } c when !c.Operand.Type.Element.IsFloat && !c.Operand.Type.IsVector => RangeOf(c.Operand),
            Binary { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul } b when !t.IsFloat => Exact(b),
            Binary { Op: BinaryOp.And } b when t is not ElementType.Bool && b.Right is IntImm { Value: >= 0 } mask => new(0, mask.Value),
            Binary { Op: BinaryOp.Shr } b when !t.IsFloat && t.IsUnsigned && b.Right is IntImm { Value: >= 0 and < 64 and var n } => new(0, t.MaxValue >> (int)n),
            Binary { Op: BinaryOp.Min or BinaryOp.Max } b when !t.IsFloat => Join(RangeOf(b.Left), RangeOf(b.Right)),
            Select s when !t.IsFloat => Join(RangeOf(s.Then), RangeOf(s.Else)),
            Call { Function: Intrinsic.Popcount } => new(0, t.Bits),
            _ => null,
        };
        return known is { } k && k.Min >= whole.Min && k.Max <= whole.Max ? k : whole;
    }

    private static Interval Join(Interval a, Interval b) => new(Int128.Min(a.Min, b.Min), Int128.Max(a.Max, b.Max));

    // Of 64-bit numbers a product may have 128 bits, with a sign.
    private Interval Exact(Binary b)
    {
        var (x, y) = (RangeOf(b.Left), RangeOf(b.Right));
        const long large = 1L << 62;
        if (x.Min < -large || x.Max > large || y.Min < -large || y.Max > large) return new(Int128.MinValue, Int128.MaxValue);
        if (b.Op is BinaryOp.Add) return new(x.Min + y.Min, x.Max + y.Max);
        if (b.Op is BinaryOp.Sub) return new(x.Min - y.Max, x.Max - y.Min);
        Int128 a0 = x.Min * y.Min, a1 = x.Min * y.Max, a2 = x.Max * y.Min, a3 = x.Max * y.Max;
        return new(Int128.Min(Int128.Min(a0, a1), Int128.Min(a2, a3)), Int128.Max(Int128.Max(a0, a1), Int128.Max(a2, a3)));
    }

    private CText PrintBinary(Binary b)
    {
        var t = Stored(b.Left.Type.Element);
        if (b.Op.IsComparison) return Compare(b, t);
        if (t.IsFloat) return FloatBinary(b, t);
        if (t is ElementType.Bool) return BoolBinary(b);
        switch (b.Op)
        {
            case BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul: return Arithmetic(b, t);
            case BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod: return Divide(b, t);
            case BinaryOp.Min or BinaryOp.Max: return Call($"tx_{b.Op.Symbol}_{NameFor(b, t)}", Print(b.Left), Print(b.Right));
            case BinaryOp.And or BinaryOp.Or or BinaryOp.Xor: return new($"{Print(b.Left).At(CBinding.Unary)} {b.Op.Symbol} {Print(b.Right).At(CBinding.Unary)}", CBinding.Loose);
            case BinaryOp.Shl or BinaryOp.Shr: return Shift(b, t);
            default: throw Bug($"`{b.Op.Symbol}` of `{t.Name}`");
        }
    }

    // The type in which a helper computes: that of indices, where it is one.
    private string NameFor(Expr e, ElementType t) => module.Target.IndexBits == 32 && IsIndex(e) ? ElementType.I32.Name : t.Name;

    private CText Arithmetic(Binary b, ElementType t)
    {
        var (x, y) = (Print(b.Left), Print(b.Right));
        var plain = b.Op is BinaryOp.Mul
            ? new CText($"{x.At(CBinding.Product)} * {y.At(CBinding.Unary)}", CBinding.Product)
            : b is { Op: BinaryOp.Add, Right: IntImm { Value: < 0 and > int.MinValue } negative } && t.IsSigned
                ? new CText($"{x.At(CBinding.Sum)} - {CTypes.Integer(t, -negative.Value)}", CBinding.Sum)
                : new CText($"{x.At(CBinding.Sum)} {b.Op.Symbol} {y.At(CBinding.Product)}", CBinding.Sum);
        if (t is ElementType.U32 or ElementType.U64 || IsExact(b, Exact(b))) return plain;
        if (t.Bits >= 32) return Call($"tx_{(b.Op is BinaryOp.Add ? "add" : b.Op is BinaryOp.Sub ? "sub" : "mul")}_{t.Name}", x, y);
        // A product of two u16 does not fit in an int.
        if (t is ElementType.U16 && b.Op is BinaryOp.Mul) return new($"(uint16_t)((uint32_t){x.At(CBinding.Unary)} * {y.At(CBinding.Unary)})", CBinding.Unary);
        return new($"({CTypes.ValueOf(t)})({plain})", CBinding.Unary);
    }

    private CText Compare(Binary b, ElementType t)
    {
        // Compilers warn of what always holds.
        if (!t.IsFloat && Always(b.Op, RangeOf(b.Left), RangeOf(b.Right)) is { } known) return CText.Primary(known ? "1" : "0");
        return new($"{Print(b.Left).At(CBinding.Sum)} {b.Op.Symbol} {Print(b.Right).At(CBinding.Sum)}", CBinding.Loose);
    }

    private static bool? Always(BinaryOp op, Interval x, Interval y) => op switch
    {
        BinaryOp.Lt => x.Max < y.Min ? true : x.Min >= y.Max ? false : null,
        BinaryOp.Le => x.Max <= y.Min ? true : x.Min > y.Max ? false : null,
        BinaryOp.Gt => x.Min > y.Max ? true : x.Max <= y.Min ? false : null,
        BinaryOp.Ge => x.Min >= y.Max ? true : x.Max < y.Min ? false : null,
        BinaryOp.Eq => x.Max < y.Min || x.Min > y.Max ? false : null,
        _ => x.Max < y.Min || x.Min > y.Max ? true : null,
    };

    private CText BoolBinary(Binary b)
    {
        string x = Print(b.Left).At(CBinding.Unary), y = Print(b.Right).At(CBinding.Unary);
        return b.Op switch
        {
            BinaryOp.And or BinaryOp.Min or BinaryOp.Mul => new($"{x} && {y}", CBinding.Loose),
            BinaryOp.Or or BinaryOp.Max or BinaryOp.Add => new($"{x} || {y}", CBinding.Loose),
            BinaryOp.Xor or BinaryOp.Sub => new($"{x} != {y}", CBinding.Loose),
            _ => throw Bug($"`{b.Op.Symbol}` of `bool`"),
        };
    }

    private CText FloatBinary(Binary b, ElementType t)
    {
        var (x, y) = (Print(b.Left), Print(b.Right));
        return b.Op switch
        {
            BinaryOp.Add or BinaryOp.Sub => new($"{x.At(CBinding.Sum)} {b.Op.Symbol} {y.At(CBinding.Product)}", CBinding.Sum),
            BinaryOp.Mul or BinaryOp.Div => new($"{x.At(CBinding.Product)} {b.Op.Symbol} {y.At(CBinding.Unary)}", CBinding.Product),
            BinaryOp.Min or BinaryOp.Max => Call($"tx_{b.Op.Symbol}_{t.Name}", x, y),
            BinaryOp.Mod => Call($"tx_floor_mod_{t.Name}", x, y),
            BinaryOp.TruncDiv => Call($"tx_trunc_div_{t.Name}", x, y),
            BinaryOp.TruncMod => Call($"tx_trunc_mod_{t.Name}", x, y),
            _ => throw Bug($"`{b.Op.Symbol}` of `{t.Name}`"),
        };
    }

    private CText Divide(Binary b, ElementType t)
    {
        var (x, y) = (Print(b.Left), Print(b.Right));
        bool isDiv = b.Op is BinaryOp.Div or BinaryOp.TruncDiv, isFloor = b.Op is BinaryOp.Div or BinaryOp.Mod;
        if (b.Right is IntImm { Value: > 0 and var n })
        {
            if (!t.IsSigned || !isFloor) return new($"{x.At(CBinding.Product)} {(isDiv ? '/' : '%')} {y.At(CBinding.Unary)}", CBinding.Product);
            if (BitOperations.IsPow2(n))
                return isDiv ? new($"{x.At(CBinding.Unary)} >> {CTypes.Number(BitOperations.Log2((ulong)n))}", CBinding.Loose)
                    : new($"{x.At(CBinding.Unary)} & {CTypes.Number(n - 1)}", CBinding.Loose);
        }
        return Call($"tx_{(isFloor ? "floor" : "trunc")}_{(isDiv ? "div" : "mod")}_{NameFor(b, t)}", x, y);
    }

    private CText Shift(Binary b, ElementType t)
    {
        var (x, y) = (Print(b.Left), Print(b.Right));
        bool isLeft = b.Op is BinaryOp.Shl;
        if (b.Right is not IntImm { Value: >= 0 and var n } || n >= t.Bits) return Call($"tx_{(isLeft ? "shl" : "shr")}_{t.Name}", x, y);
        string amount = CTypes.Number(n);
        if (!isLeft) return new($"{x.At(CBinding.Unary)} >> {amount}", CBinding.Loose);
        if (t is ElementType.U32 or ElementType.U64) return new($"{x.At(CBinding.Unary)} << {amount}", CBinding.Loose);
        return new($"({CTypes.ValueOf(t)})(({(t.Bits == 64 ? "uint64_t" : "uint32_t")}){x.At(CBinding.Unary)} << {amount})", CBinding.Unary);
    }
}
