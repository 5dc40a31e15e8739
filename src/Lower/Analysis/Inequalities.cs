using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

public sealed partial class RangeContext
{
    // Enough for the bounds of a deep nest one inside the other; every step removes the innermost variable.
    private const int ProofSteps = 24;
    // The innermost conditions are those that matter; a bound keeps a proof's cost constant.
    private const int FactsTried = 32;

    /// <summary>True, false, or null when it is not known. A vector comparison is decided when all its lanes agree.</summary>
    public bool? Decide(BinaryOp op, Expr a, Expr b)
    {
        if (!IsIndex(a) || !IsIndex(b)) return null;
        if (a.Type.Lanes == 1 && LinearForm.Of(a) is { } x && LinearForm.Of(b) is { } y && x.Minus(y) is { } d) return Decide(op, d);
        return Decide(op, IntervalOf(a) - IntervalOf(b));
    }

    /// <summary>Does <c>form op 0</c> hold?</summary>
    public bool? Decide(BinaryOp op, LinearForm form)
    {
        if (Decide(op, IntervalOf(form)) is { } byInterval) return byInterval;
        return op switch
        {
            BinaryOp.Lt => IsNegative(form) ? true : IsNonNegative(form) ? false : null,
            BinaryOp.Ge => IsNonNegative(form) ? true : IsNegative(form) ? false : null,
            BinaryOp.Le => form.Times(-1) is { } m && IsNonNegative(m) ? true : form.Plus(-1) is { } p && IsNonNegative(p) ? false : null,
            BinaryOp.Gt => form.Plus(-1) is { } p && IsNonNegative(p) ? true : form.Times(-1) is { } m && IsNonNegative(m) ? false : null,
            BinaryOp.Eq => IsNegative(form) || form.Plus(-1) is { } p && IsNonNegative(p) || HasNoRoot(form) ? false : null,
            BinaryOp.Ne => IsNegative(form) || form.Plus(-1) is { } p && IsNonNegative(p) || HasNoRoot(form) ? true : null,
            _ => null,
        };
    }

    /// <summary>Is the condition known to hold here?</summary>
    public bool Proves(Expr condition) => condition switch
    {
        _ when condition.IsTrue => true,
        Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b => Proves(b.Left) && Proves(b.Right),
        Binary { Op.IsComparison: true } b => Decide(b.Op, b.Left, b.Right) == true,
        _ => false,
    };

    public bool IsNonNegative(LinearForm form)
    {
        int steps = ProofSteps;
        return IsNonNegative(form, ref steps);
    }

    private bool IsNegative(LinearForm form) => form.Times(-1)?.Plus(-1) is { } f && IsNonNegative(f);

    // a·x + … + c = 0 has no solution when the coefficients have a common divisor that c lacks.
    private static bool HasNoRoot(LinearForm form) => form.Divisor() is > 1 and var g && form.Constant % g != 0;

    private static bool? Decide(BinaryOp op, ConstInterval d) => op switch
    {
        BinaryOp.Lt => d.Max < 0 ? true : d.Min >= 0 ? false : null,
        BinaryOp.Le => d.Max <= 0 ? true : d.Min > 0 ? false : null,
        BinaryOp.Gt => d.Min > 0 ? true : d.Max <= 0 ? false : null,
        BinaryOp.Ge => d.Min >= 0 ? true : d.Max < 0 ? false : null,
        BinaryOp.Eq => d.IsSingle && d.Min == 0 ? true : !d.Contains(0) ? false : null,
        BinaryOp.Ne => d.IsSingle && d.Min == 0 ? false : !d.Contains(0) ? true : null,
        _ => null,
    };

    // Replaces the innermost variable by the bound that makes the form least, then goes on with what is left.
    private bool IsNonNegative(LinearForm form, ref int steps)
    {
        if (IntervalOf(form).Min >= 0) return true;
        if (steps-- <= 0) return false;
        for (int i = _facts.Count - 1; i >= Math.Max(0, _facts.Count - FactsTried); i--)
            if (form.Minus(_facts[i]) is { } rest && IntervalOf(rest).Min >= 0) return true;

        Var? innermost = null;
        var bound = default(Bound);
        foreach (var (atom, k) in form.Terms)
            if (atom is Var v && _bounds.TryGetValue(v, out var b) && (k > 0 ? b.Low : b.High) is not null && (innermost is null || b.Order > bound.Order))
                (innermost, bound) = (v, b);
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is Var) continue;
            if (innermost is not null && !atom.UsesVar(innermost)) continue;
            if (LeastOf(form, atom, k, ref steps)) return true;
        }
        if (innermost is null) return false;
        return form.Replace(innermost, form.CoefficientOf(innermost) > 0 ? bound.Low! : bound.High!) is { } next && IsNonNegative(next, ref steps);
    }

    private bool LeastOf(LinearForm form, Expr atom, long k, ref int steps)
    {
        switch (atom)
        {
            case Binary { Op: BinaryOp.Min or BinaryOp.Max } b when LinearForm.Of(b.Left) is { } left && LinearForm.Of(b.Right) is { } right:
                bool either = b.Op is BinaryOp.Min == k < 0;
                bool first = form.Replace(atom, left) is { } f && IsNonNegative(f, ref steps);
                if (first == either) return first;
                return form.Replace(atom, right) is { } g && IsNonNegative(g, ref steps);
            case Select s when LinearForm.Of(s.Then) is { } then && LinearForm.Of(s.Else) is { } @else:
                return form.Replace(atom, then) is { } t && IsNonNegative(t, ref steps) && form.Replace(atom, @else) is { } e && IsNonNegative(e, ref steps);
            case Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 1 and var c } } d when LinearForm.Of(d.Left) is { } x:
                // c·⌊x / c⌋ lies in x − c + 1 .. x; the form, an integer, is not negative when c times it is above −c.
                return form.Times(c)?.Plus(c - 1) is { } scaled && (k > 0 ? x.Plus(1 - c) : x) is { } least
                    && scaled.Replace(atom, Of0) is { } rest && rest.Plus(least, k) is { } next && IsNonNegative(next, ref steps);
            case Binary { Op: BinaryOp.Div or BinaryOp.Mod } when LimitOf(atom) is { } limit && LinearForm.Of(limit)?.Plus(-1) is { } last:
                return form.Replace(atom, k > 0 ? Of0 : last) is { } end && IsNonNegative(end, ref steps);
            default:
                return false;
        }
    }

    // What lies in 0 .. limit: a loop's variable, and of one below a·b its quotient and remainder by b. Where it has a value, neither factor is 0.
    private Expr? LimitOf(Expr e)
    {
        if (e is Var v) return _limits.GetValueOrDefault(v);
        if (e is not Binary { Op: BinaryOp.Div or BinaryOp.Mod } b || LimitOf(b.Left) is not Binary { Op: BinaryOp.Mul } product || IntervalOf(product.Left).Min < 0 || IntervalOf(product.Right).Min < 0) return null;
        var other = StructuralComparer.Equal(product.Right, b.Right) ? product.Left : StructuralComparer.Equal(product.Left, b.Right) ? product.Right : null;
        return other is null ? null : b.Op is BinaryOp.Div ? other : b.Right;
    }

    private static LinearForm Of0 => LinearForm.Of(0);
}
