using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    private Expr? Extremum(BinaryOp op, Expr l, Expr r)
    {
        if (StructuralComparer.Equal(l, r)) return l;
        if (l.Type.Element.IsFloat) return null;
        var order = op is BinaryOp.Min ? BinaryOp.Le : BinaryOp.Ge;
        if (context.Decide(order, l, r) == true) return l;
        if (context.Decide(order, r, l) == true) return r;
        // min(min(x, a), b): one of the inner sides may stand against b.
        if (l is Binary x && x.Op == op)
        {
            if (context.Decide(order, x.Left, r) == true || context.Decide(order, x.Right, r) == true || StructuralComparer.Equal(x.Left, r) || StructuralComparer.Equal(x.Right, r)) return l;
            if (context.Decide(order, r, x.Left) == true) return Visit(new Binary(op, x.Right, r));
            if (context.Decide(order, r, x.Right) == true) return Visit(new Binary(op, x.Left, r));
        }
        if (r is Binary y && y.Op == op)
        {
            if (context.Decide(order, y.Left, l) == true || context.Decide(order, y.Right, l) == true || StructuralComparer.Equal(y.Left, l) || StructuralComparer.Equal(y.Right, l)) return r;
            if (context.Decide(order, l, y.Left) == true) return Visit(new Binary(op, l, y.Right));
            if (context.Decide(order, l, y.Right) == true) return Visit(new Binary(op, l, y.Left));
        }
        return null;
    }
}
