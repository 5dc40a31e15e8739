using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Dependence;

/// <summary>Which loop variables must be the same at two points, when some expressions over them are. It takes apart what splits and fuses make:
/// from <c>io * 16 + ii</c> follow <c>io</c> and <c>ii</c> where <c>ii</c> lies in 0..16, from <c>f / n</c> and <c>f % n</c> follows <c>f</c>. It needs no
/// solver, and extents may be symbols.</summary>
internal sealed class EqualValues
{
    private readonly RangeContext _ranges;
    private readonly Func<Var, bool> _isShared;
    private readonly HashSet<Var> _equal = [];
    private readonly List<Expr> _positive = [];
    private readonly List<(Expr Dividend, Expr Divisor, bool IsQuotient)> _parts = [];
    private readonly List<Expr> _facts = [];

    /// <param name="around">What is known outside of <paramref name="loops"/>.</param>
    /// <param name="loops">The loops that the two points are points of; each lies in its range at both.</param>
    /// <param name="isShared">True for a variable that is the same at both points by itself.</param>
    public EqualValues(RangeContext around, IEnumerable<For> loops, IEnumerable<For> outer, Func<Var, bool> isShared)
    {
        (_ranges, _isShared) = (around, isShared);
        foreach (var f in loops)
        {
            _ranges.BindLoop(f.Variable, f.Min, f.Extent);
            AddFactors(f.Extent);
        }
        foreach (var f in outer) AddFactors(f.Extent);
    }

    public bool IsEqual(Var v) => _equal.Contains(v);

    /// <summary><paramref name="e"/> has one value at both points.</summary>
    public void Add(Expr e) => _facts.Add(e);

    public void Solve()
    {
        for (int known = -1; known != _equal.Count + _parts.Count;)
        {
            known = _equal.Count + _parts.Count;
            foreach (var e in _facts.ToList()) Learn(e);
        }
    }

    // A loop that runs has no factor 0 in its extent.
    private void AddFactors(Expr extent)
    {
        if (extent is Binary { Op: BinaryOp.Mul } b)
        {
            AddFactors(b.Left);
            AddFactors(b.Right);
        }
        else _positive.Add(extent);
    }

    private bool IsNotZero(Expr e) =>
        e is IntImm i ? i.Value != 0 : _positive.Contains(e, StructuralComparer.Instance) || _ranges.Decide(BinaryOp.Gt, e, IntImm.Index(0)) == true
        || e is Binary { Op: BinaryOp.Mul } b && IsNotZero(b.Left) && IsNotZero(b.Right);

    // The same expression over variables that are the same; data may have changed in between.
    private bool IsShared(Expr e) => e.BuffersRead().IsEmpty && e.FreeVars().All(v => _equal.Contains(v) || _isShared(v));

    private void Learn(Expr e)
    {
        if (e.Type != IrType.Index || LinearForm.Of(e) is not { } form) return;
        Learn([.. form.Terms.Where(t => !IsShared(t.Key)).OrderBy(t => Int128.Abs(t.Value))]);
    }

    // Terms whose sum is the same at both points, the smallest factors first.
    private void Learn(List<KeyValuePair<Expr, long>> terms)
    {
        if (terms.Count == 0) return;
        if (terms is [{ Key: var single }])
        {
            LearnAtom(single);
            return;
        }
        Int128 low = 0, high = 0;
        for (int n = 1; n < terms.Count; n++)
        {
            var range = _ranges.IntervalOf(terms[n - 1].Key);
            if (range.Min == long.MinValue || range.Max == long.MaxValue) return;
            Int128 a = (Int128)range.Min * terms[n - 1].Value, b = (Int128)range.Max * terms[n - 1].Value;
            (low, high) = (low + Int128.Min(a, b), high + Int128.Max(a, b));
            // The parts below differ by less than what the others are multiples of: both parts are the same.
            if (high - low >= Divisor(terms.Skip(n).Select(t => t.Value))) continue;
            Learn(terms[..n]);
            Learn(terms[n..]);
            return;
        }
    }

    private void LearnAtom(Expr atom)
    {
        switch (atom)
        {
            case Var v: _equal.Add(v); break;
            case Binary { Op: BinaryOp.Div or BinaryOp.Mod } b when IsShared(b.Right) && IsNotZero(b.Right):
                if (_parts.Exists(p => IsPart(p, b, b.Op is BinaryOp.Div))) break;
                bool isWhole = _parts.Exists(p => IsPart(p, b, b.Op is not BinaryOp.Div));
                _parts.Add((b.Left, b.Right, b.Op is BinaryOp.Div));
                if (isWhole) _facts.Add(b.Left);
                break;
        }
    }

    private static bool IsPart((Expr Dividend, Expr Divisor, bool IsQuotient) p, Binary b, bool isQuotient) =>
        p.IsQuotient == isQuotient && StructuralComparer.Equal(p.Dividend, b.Left) && StructuralComparer.Equal(p.Divisor, b.Right);

    private static Int128 Divisor(IEnumerable<long> factors)
    {
        Int128 g = 0;
        foreach (long k in factors)
            for (Int128 a = Int128.Abs(k); a != 0;) (g, a) = (a, g % a);
        return g;
    }
}
