using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    // A maximal sum: atoms are simplified once, terms with the same atom meet, quotients and remainders of one value go together.
    private Expr Sum(Expr e) => LinearForm.Of(e, Atom) is { } form ? Same(Rejoin(form).ToExpr(), e) : e;

    private Expr Atom(Expr e)
    {
        if (e is not Binary { Op: BinaryOp.Mul } b) return Visit(e);
        var (l, r) = (Visit(b.Left), Visit(b.Right));
        return ReferenceEquals(l, b.Left) && ReferenceEquals(r, b.Right) ? b : Expr.Make(BinaryOp.Mul, l, r);
    }

    private static Expr Same(Expr made, Expr original) => StructuralComparer.Equal(made, original) ? original : made;

    // k·c·⌊x / c⌋ + k·(x mod c) = k·x
    private LinearForm Rejoin(LinearForm form)
    {
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is not Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 and var c } } mod || !context.IsIndex(atom)) continue;
            if ((Int128)k * c is var kc && (kc > long.MaxValue || kc < long.MinValue)) continue;
            foreach (var (other, factor) in form.Terms)
            {
                if (other is not Binary { Op: BinaryOp.Div, Right: IntImm divisor } div || divisor.Value != c || factor != (long)kc || !StructuralComparer.Equal(div.Left, mod.Left)) continue;
                if (LinearForm.Of(mod.Left) is { } x && form.Replace(atom, x)?.Replace(other, LinearForm.Of(0)) is { } joined) return Rejoin(joined);
            }
        }
        return form;
    }
}
