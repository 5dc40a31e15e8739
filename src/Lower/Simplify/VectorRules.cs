using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    // Operators on ramps and broadcasts work on their parts. Sums and products are exact in every integer type.
    private Expr? VectorRule(BinaryOp op, Expr l, Expr r)
    {
        int lanes = l.Type.Lanes;
        if ((l, r) is (Broadcast x, Broadcast y) && x.Value.Type == y.Value.Type) return new Broadcast(Visit(new Binary(op, x.Value, y.Value)), lanes);
        if (l.Type.Element.IsFloat || !l.Type.Element.IsInteger) return null;
        Expr Make(BinaryOp f, Expr a, Expr b) => Visit(new Binary(f, a, b));
        switch (op, l, r)
        {
            case (BinaryOp.Add or BinaryOp.Sub, Ramp a, Ramp b):
                return VisitRamp(new Ramp(Make(op, a.Base, b.Base), Make(op, a.Stride, b.Stride), lanes));
            case (BinaryOp.Add or BinaryOp.Sub, Ramp a, Broadcast b):
                return new Ramp(Make(op, a.Base, b.Value), a.Stride, lanes);
            case (BinaryOp.Add, Broadcast a, Ramp b):
                return new Ramp(Make(op, a.Value, b.Base), b.Stride, lanes);
            case (BinaryOp.Sub, Broadcast a, Ramp b):
                return new Ramp(Make(op, a.Value, b.Base), Visit(new Unary(UnaryOp.Neg, b.Stride)), lanes);
            case (BinaryOp.Mul, Ramp a, Broadcast b):
                return VisitRamp(new Ramp(Make(op, a.Base, b.Value), Make(op, a.Stride, b.Value), lanes));
            case (BinaryOp.Mul, Broadcast a, Ramp b):
                return VisitRamp(new Ramp(Make(op, a.Value, b.Base), Make(op, a.Value, b.Stride), lanes));
            case (BinaryOp.Div or BinaryOp.Mod, Ramp { Stride: IntImm { Value: var s } } a, Broadcast { Value: IntImm { Value: > 0 and var c } } b) when context.IsIndex(a):
                bool isDiv = op is BinaryOp.Div;
                if (s % c == 0) return isDiv ? VisitRamp(new Ramp(Make(op, a.Base, b.Value), IntImm.Index(s / c), lanes)) : new Broadcast(Make(op, a.Base, b.Value), lanes);
                var last = Make(BinaryOp.Add, a.Base, IntImm.Index(unchecked(s * (lanes - 1))));
                // The first and the last lane have the same quotient, so all have.
                if (!StructuralComparer.Equal(Make(BinaryOp.Div, a.Base, b.Value), Make(BinaryOp.Div, last, b.Value))) return null;
                return isDiv ? new Broadcast(Make(op, a.Base, b.Value), lanes) : new Ramp(Make(op, a.Base, b.Value), a.Stride, lanes);
            case (BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge, Ramp { Stride: IntImm { Value: var s } } a, Broadcast b) when context.IsIndex(a) && context.IsIndex(b):
                var end = Make(BinaryOp.Add, a.Base, IntImm.Index(unchecked(s * (lanes - 1))));
                return context.Decide(op, a.Base, b.Value) is { } first && context.Decide(op, end, b.Value) == first ? Truth(first, lanes) : null;
            default:
                return null;
        }
    }

    protected override Expr VisitRamp(Ramp r)
    {
        var (b, s) = (Visit(r.Base), Visit(r.Stride));
        return s.IsConstant(0) ? new Broadcast(b, r.Type.Lanes)
            : ReferenceEquals(b, r.Base) && ReferenceEquals(s, r.Stride) ? r : new Ramp(b, s, r.Type.Lanes);
    }

    protected override Expr VisitBroadcast(Broadcast b)
    {
        var v = Visit(b.Value);
        return b.Type.Lanes == 1 ? v : ReferenceEquals(v, b.Value) ? b : new Broadcast(v, b.Type.Lanes);
    }

    protected override Expr VisitLaneReduce(LaneReduce r)
    {
        var v = Visit(r.Vector);
        if (v.Type.Lanes == 1) return v;
        if (v is Broadcast b && r.Op is BinaryOp.Min or BinaryOp.Max or BinaryOp.And or BinaryOp.Or) return b.Value;
        return ReferenceEquals(v, r.Vector) ? r : new LaneReduce(r.Op, v);
    }
}
