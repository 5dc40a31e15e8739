using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary><c>a₁·x₁ + … + aₙ·xₙ + c</c> over distinct atoms: index expressions that are not sums themselves. Terms stand in the order of first
/// mention and no coefficient is 0, so two ways to write one sum have equal forms up to order.</summary>
public sealed class LinearForm
{
    private readonly OrderedDictionary<Expr, long> _terms = new(StructuralComparer.Instance);

    private LinearForm() { }

    public IReadOnlyList<KeyValuePair<Expr, long>> Terms => _terms;
    public long Constant { get; private set; }
    public bool IsConstant => _terms.Count == 0;

    public static LinearForm Of(long constant) => new() { Constant = constant };

    /// <summary>The form of an <c>i64</c> expression of one lane; null when a coefficient does not fit.</summary>
    /// <param name="rewriteAtom">Applied to every atom; what it returns may be a sum again.</param>
    public static LinearForm? Of(Expr e, Func<Expr, Expr>? rewriteAtom = null)
    {
        var form = new LinearForm();
        return form.Add(e, 1, rewriteAtom) ? form : null;
    }

    public LinearForm? Plus(LinearForm other, long factor = 1)
    {
        var sum = new LinearForm { Constant = Constant };
        foreach (var (atom, k) in _terms) sum._terms.Add(atom, k);
        return sum.Add(other, factor) ? sum : null;
    }

    public LinearForm? Minus(LinearForm other) => Plus(other, -1);

    public LinearForm? Plus(long constant) => Plus(Of(constant));

    public LinearForm? Times(long factor) => Of(0).Plus(this, factor);

    /// <summary>The terms that <paramref name="keep"/> holds for, and the constant where <paramref name="constant"/> says so.</summary>
    public LinearForm Where(Func<long, bool> keep, bool constant)
    {
        var part = new LinearForm { Constant = constant ? Constant : 0 };
        foreach (var (atom, k) in _terms)
            if (keep(k)) part._terms.Add(atom, k);
        return part;
    }

    /// <summary>Divides all coefficients and the constant, which must be multiples.</summary>
    public LinearForm DividedBy(long divisor)
    {
        var part = new LinearForm { Constant = Constant / divisor };
        foreach (var (atom, k) in _terms) part._terms.Add(atom, k / divisor);
        return part;
    }

    public LinearForm WithConstant(long constant)
    {
        var copy = new LinearForm { Constant = constant };
        foreach (var (atom, k) in _terms) copy._terms.Add(atom, k);
        return copy;
    }

    /// <summary>This form with <paramref name="value"/> in the place of an atom; null when a coefficient does not fit.</summary>
    public LinearForm? Replace(Expr atom, LinearForm value)
    {
        long k = CoefficientOf(atom);
        var rest = Where(_ => true, constant: true);
        rest._terms.Remove(atom);
        return rest.Plus(value, k);
    }

    public long CoefficientOf(Expr atom) => _terms.GetValueOrDefault(atom);

    /// <summary>The greatest common divisor of the coefficients, 0 when there are none.</summary>
    public long Divisor()
    {
        Int128 g = 0;
        foreach (var (_, k) in _terms)
            for (Int128 a = Int128.Abs(k); a != 0;) (g, a) = (a, g % a);
        return g > long.MaxValue ? 1 : (long)g;
    }

    public Expr ToExpr()
    {
        Expr? sum = null;
        foreach (var (atom, k) in _terms)
        {
            if (sum is null) sum = Scaled(atom, k);
            else if (k < 0 && k != long.MinValue) sum = new Binary(BinaryOp.Sub, sum, Scaled(atom, -k));
            else sum = new Binary(BinaryOp.Add, sum, Scaled(atom, k));
        }
        if (sum is null) return IntImm.Index(Constant);
        return Constant == 0 ? sum
            : Constant < 0 && Constant != long.MinValue ? new Binary(BinaryOp.Sub, sum, IntImm.Index(-Constant))
            : new Binary(BinaryOp.Add, sum, IntImm.Index(Constant));
    }

    private static Expr Scaled(Expr atom, long k) => k == 1 ? atom : new Binary(BinaryOp.Mul, atom, IntImm.Index(k));

    private bool Add(LinearForm other, long factor)
    {
        foreach (var (atom, k) in other._terms)
            if (!Fits((Int128)k * factor, out long scaled) || !AddTerm(atom, scaled)) return false;
        return Fits((Int128)other.Constant * factor, out long c) && AddConstant(c);
    }

    private bool Add(Expr e, long factor, Func<Expr, Expr>? rewriteAtom)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (factor == 0) return true;
        switch (e)
        {
            case IntImm i: return Fits((Int128)i.Value * factor, out long c) && AddConstant(c);
            case Binary { Op: BinaryOp.Add } b: return Add(b.Left, factor, rewriteAtom) && Add(b.Right, factor, rewriteAtom);
            case Binary { Op: BinaryOp.Sub } b: return Fits(-(Int128)factor, out long minus) && Add(b.Left, factor, rewriteAtom) && Add(b.Right, minus, rewriteAtom);
            case Unary { Op: UnaryOp.Neg } u: return Fits(-(Int128)factor, out long negated) && Add(u.Operand, negated, rewriteAtom);
            case Binary { Op: BinaryOp.Mul, Right: IntImm r } b: return Fits((Int128)factor * r.Value, out long right) && Add(b.Left, right, rewriteAtom);
            case Binary { Op: BinaryOp.Mul, Left: IntImm l } b: return Fits((Int128)factor * l.Value, out long left) && Add(b.Right, left, rewriteAtom);
            default:
                var atom = rewriteAtom is null ? e : rewriteAtom(e);
                return ReferenceEquals(atom, e) ? AddTerm(e, factor) : Add(atom, factor, null);
        }
    }

    private bool AddTerm(Expr atom, long k)
    {
        if (!Fits((Int128)_terms.GetValueOrDefault(atom) + k, out long sum)) return false;
        if (sum == 0) _terms.Remove(atom); else _terms[atom] = sum;
        return true;
    }

    private bool AddConstant(long c)
    {
        bool fits = Fits((Int128)Constant + c, out long sum);
        Constant = sum;
        return fits;
    }

    private static bool Fits(Int128 x, out long value)
    {
        bool fits = x >= long.MinValue && x <= long.MaxValue;
        value = fits ? (long)x : 0;
        return fits;
    }

    public override string ToString() => ToExpr().ToString();
}
