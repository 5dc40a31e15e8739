using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Arithmetic on scalars and vectors mixed that keeps what is linear in the lane a <see cref="Ramp"/> and what is the same in every lane a
/// <see cref="Broadcast"/>: addresses stay recognisable.</summary>
internal static class LaneMath
{
    public static Expr Make(BinaryOp op, Expr a, Expr b)
    {
        int lanes = Math.Max(a.Type.Lanes, b.Type.Lanes);
        if (lanes == 1) return Expr.Make(op, a, b);
        if (Uniform(a) is { } x && Uniform(b) is { } y) return new Broadcast(Expr.Make(op, x, y), lanes);
        if (a.Type.Element.IsInteger && Linear(a) is { } p && Linear(b) is { } q)
        {
            switch (op)
            {
                case BinaryOp.Add or BinaryOp.Sub:
                    return OfLinear(Expr.Make(op, p.Base, q.Base), Expr.Make(op, p.Stride, q.Stride), lanes);
                case BinaryOp.Mul when q.Stride.IsConstant(0):
                    return OfLinear(p.Base * q.Base, p.Stride * q.Base, lanes);
                case BinaryOp.Mul when p.Stride.IsConstant(0):
                    return OfLinear(p.Base * q.Base, p.Base * q.Stride, lanes);
                // All lanes lie between two neighbouring multiples of the divisor.
                case BinaryOp.Div or BinaryOp.Mod when p.Stride.IsConstant(1) && Uniform(b) is IntImm { Value: > 0 } d
                                                      && d.Value % lanes == 0 && IsMultiple(p.Base, lanes):
                    return op is BinaryOp.Div ? new Broadcast(p.Base / d, lanes) : new Ramp(p.Base % d, p.Stride, lanes);
            }
        }
        return Expr.Make(op, a, b);
    }

    public static Expr Add(Expr a, Expr b) => Make(BinaryOp.Add, a, b);
    public static Expr Mul(Expr a, Expr b) => Make(BinaryOp.Mul, a, b);

    /// <summary>The conjunction of two conditions of which one may be absent.</summary>
    public static Expr? And(Expr? a, Expr? b) => a is null ? b : b is null ? a : Make(BinaryOp.And, a, b);

    /// <summary>The value that all lanes share, or null.</summary>
    public static Expr? Uniform(Expr e) => e is Broadcast b ? b.Value : e.Type.Lanes == 1 ? e : null;

    /// <summary>True where a lane of <paramref name="mask"/> is true.</summary>
    public static Expr Any(Expr mask) => mask switch
    {
        Broadcast b => b.Value,
        Binary { Op: BinaryOp.Lt or BinaryOp.Le, Left: Ramp { Stride: IntImm { Value: >= 0 } } r, Right: Broadcast limit } compare
            => Expr.Make(compare.Op, r.Base, limit.Value),
        Binary { Op: BinaryOp.And, Left: Broadcast left } both => Expr.And(left.Value, Any(both.Right)),
        Binary { Op: BinaryOp.And, Right: Broadcast right } both => Expr.And(Any(both.Left), right.Value),
        _ when mask.Type.Lanes == 1 => mask,
        _ => new LaneReduce(BinaryOp.Or, mask),
    };

    private static (Expr Base, Expr Stride)? Linear(Expr e) => e switch
    {
        Ramp r => (r.Base, r.Stride),
        Broadcast b => (b.Value, new IntImm(e.Type.Element, 0)),
        _ when e.Type.Lanes == 1 => (e, new IntImm(e.Type.Element, 0)),
        _ => null,
    };

    private static Expr OfLinear(Expr @base, Expr stride, int lanes) =>
        stride.IsConstant(0) ? new Broadcast(@base, lanes) : new Ramp(@base, stride, lanes);

    private static bool IsMultiple(Expr e, long factor) => e switch
    {
        IntImm i => i.Value % factor == 0,
        Binary { Op: BinaryOp.Add or BinaryOp.Sub } b => IsMultiple(b.Left, factor) && IsMultiple(b.Right, factor),
        Binary { Op: BinaryOp.Mul } b => IsMultiple(b.Left, factor) || IsMultiple(b.Right, factor),
        _ => false,
    };
}
