using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    private Expr? Comparison(BinaryOp op, Expr l, Expr r)
    {
        if (!l.Type.Element.IsFloat && StructuralComparer.Equal(l, r)) return Truth(op is BinaryOp.Eq or BinaryOp.Le or BinaryOp.Ge, l.Type.Lanes);
        if (context.Decide(op, l, r) is { } known) return Truth(known, l.Type.Lanes);
        if (l.Type != IrType.Index || !context.IsIndex(l) || !context.IsIndex(r) || LinearForm.Of(l) is not { } left || LinearForm.Of(r) is not { } right) return null;
        bool common = left.Constant != 0 && right.Constant != 0 || left.Terms.Any(t => right.CoefficientOf(t.Key) != 0) || left.Constant != 0 && right.IsConstant || left.IsConstant;
        if (left.Minus(right) is not { } d || d.Constant == long.MinValue) return null;
        long g = d.Divisor();
        if (!common && g <= 1) return null;
        // l < r ⇔ d ≤ −1; dividing by g rounds the constant towards the side that holds.
        if (g > 1)
        {
            long k = d.Constant;
            var terms = d.WithConstant(0).DividedBy(g);
            if (op is BinaryOp.Eq or BinaryOp.Ne && k % g != 0) return Truth(op is BinaryOp.Ne, 1);
            d = terms.WithConstant(op switch
            {
                BinaryOp.Lt or BinaryOp.Ge => ScalarMath.FloorDiv(k, g),
                BinaryOp.Le or BinaryOp.Gt => -ScalarMath.FloorDiv(-k, g),
                _ => k / g,
            });
        }
        var positive = d.Where(k => k > 0, constant: false);
        var negative = d.Where(k => k < 0, constant: false).Times(-1);
        if (negative is null) return null;
        // Terms with a positive coefficient stay left; a side of negative terms alone is exchanged.
        return positive.IsConstant
            ? new Binary(op.Mirrored, negative.ToExpr(), IntImm.Index(d.Constant))
            : new Binary(op, positive.ToExpr(), negative.WithConstant(-d.Constant).ToExpr());
    }

    private static Expr Truth(bool value, int lanes) => Expr.Splat(IntImm.Bool(value), lanes);
}
