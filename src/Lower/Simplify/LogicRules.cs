using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    private Expr? Logic(BinaryOp op, Expr l, Expr r)
    {
        if (op is BinaryOp.Xor) return null;
        if (StructuralComparer.Equal(l, r)) return l;
        if (l.Type != IrType.Bool) return null;
        bool isAnd = op is BinaryOp.And;
        if (l is Unary { Op: UnaryOp.Not } n && StructuralComparer.Equal(n.Operand, r) || r is Unary { Op: UnaryOp.Not } m && StructuralComparer.Equal(m.Operand, l))
            return IntImm.Bool(!isAnd);
        // Each side may be decided by what the other says; only whole sides are dropped, since both are evaluated.
        if (Implied(given: l, holds: isAnd, r) is { } right) return right == isAnd ? l : IntImm.Bool(!isAnd);
        if (Implied(given: r, holds: isAnd, l) is { } left) return left == isAnd ? r : IntImm.Bool(!isAnd);
        return null;
    }

    private bool? Implied(Expr given, bool holds, Expr e)
    {
        if (e is not Binary { Op.IsComparison: true } c || !context.IsIndexComparison(c)) return null;
        int mark = context.Mark();
        context.Assume(given, holds);
        var known = context.Mark() == mark ? null : context.Decide(c.Op, c.Left, c.Right);
        context.Release(mark);
        return known;
    }
}
