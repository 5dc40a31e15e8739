using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>Writes an <see cref="AffineForm"/> as a term: positive parts first, the constant last, remainders as <c>%</c> again.</summary>
internal static class AffineTermBuilder
{
    public static Term? Build(AffineForm form)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var remainders = new List<(BigInteger Coefficient, DivAtom Atom)>();
        form = ExtractRemainders(form, remainders);

        var parts = new List<(BigInteger Coefficient, Term Term)>();
        foreach (var (k, div) in remainders)
        {
            if (Build(div.Dividend) is not { } a || Build(div.Divisor) is not { } c) return null;
            parts.Add((k, new BinaryTerm(BinaryOp.Mod, a, c)));
        }
        foreach (var (atom, k) in form.Terms)
        {
            if (Build(atom) is not { } term) return null;
            parts.Add((k, term));
        }
        int first = parts.FindIndex(p => p.Coefficient.Sign > 0);
        if (first > 0)
        {
            var part = parts[first];
            parts.RemoveAt(first);
            parts.Insert(0, part);
        }

        Term? sum = null;
        if (first < 0 && form.Constant.Sign > 0)
        {
            if (Literal(form.Constant) is not { } c) return null;
            sum = c;
        }
        foreach (var (k, term) in parts)
        {
            if (Literal(sum is null ? k : BigInteger.Abs(k)) is not { } factor) return null;
            var product = factor.Value.Integer == 1 ? term
                : factor.Value.Integer == -1 ? new UnaryTerm(UnaryOp.Neg, term)
                : new BinaryTerm(BinaryOp.Mul, factor, term);
            sum = sum is null ? product : new BinaryTerm(k.Sign > 0 ? BinaryOp.Add : BinaryOp.Sub, sum, product);
        }
        if (sum is null) return Literal(form.Constant);
        if (form.Constant.IsZero || (first < 0 && form.Constant.Sign > 0)) return sum;
        return Literal(BigInteger.Abs(form.Constant)) is { } last
            ? new BinaryTerm(form.Constant.Sign > 0 ? BinaryOp.Add : BinaryOp.Sub, sum, last)
            : null;
    }

    /// <summary>Takes <c>m * a - m * c * (a / c)</c> out as <c>m * (a % c)</c> where the form becomes shorter by that.</summary>
    private static AffineForm ExtractRemainders(AffineForm form, List<(BigInteger, DivAtom)> remainders)
    {
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is not DivAtom { Divisor: { IsConstant: true } c } div || !BigInteger.Remainder(k, c.Constant).IsZero) continue;
            var m = -k / c.Constant;
            if (AffineForm.ToLong(m) is not { } scale || AffineForm.ToLong(k) is not { } coefficient) continue;
            var rest = form - div.Dividend * scale - AffineForm.Of(div) * coefficient;
            if (rest.Terms.Length > form.Terms.Length - 2) continue;
            remainders.Add((m, div));
            form = rest;
        }
        return form;
    }

    private static ConstTerm? Literal(BigInteger value) => AffineForm.ToLong(value) is { } v ? ConstTerm.Int(v) : null;

    private static Term? Build(AffineAtom atom) => atom switch
    {
        DimAtom d => new DimTerm(d.Dim),
        IndexAtom i => new IndexTerm(i.Index),
        TermAtom t => t.Term,
        ProductAtom p => p.Factors.Select(Build).Aggregate((a, b) => a is null || b is null ? null : new BinaryTerm(BinaryOp.Mul, a, b)),
        DivAtom d => Join(BinaryOp.Div, d.Dividend, d.Divisor),
        ModAtom m => Join(BinaryOp.Mod, m.Dividend, m.Divisor),
        ExtremumAtom x => Join(x.IsMax ? BinaryOp.Max : BinaryOp.Min, x.Left, x.Right),
        _ => null,
    };

    private static BinaryTerm? Join(BinaryOp op, AffineForm left, AffineForm right) =>
        Build(left) is { } a && Build(right) is { } b ? new(op, a, b) : null;
}
