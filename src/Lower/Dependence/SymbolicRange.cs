using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Dependence;

/// <summary>What an index lies between: at or above every form of <see cref="Low"/>, at or below every form of <see cref="High"/>. None: not known.</summary>
internal readonly record struct SymbolicRange(ImmutableArray<LinearForm> Low, ImmutableArray<LinearForm> High)
{
    // More than a few ways to bound one index bring nothing.
    private const int MaxForms = 6;

    public static readonly SymbolicRange Unknown = new([], []);

    public static SymbolicRange At(LinearForm form) => new([form], [form]);

    /// <summary>Without the forms for which <paramref name="keep"/> is false.</summary>
    public SymbolicRange Where(Func<LinearForm, bool> keep) => new([.. Low.Where(keep)], [.. High.Where(keep)]);

    /// <summary>Both hold.</summary>
    public SymbolicRange Intersect(SymbolicRange other) => new(Keep(Low.Concat(other.Low)), Keep(High.Concat(other.High)));

    public static SymbolicRange operator +(SymbolicRange a, SymbolicRange b) => new(Sums(a.Low, b.Low), Sums(a.High, b.High));

    public SymbolicRange Times(long k)
    {
        ImmutableArray<LinearForm> low = Keep(Low.Select(f => f.Times(k)).OfType<LinearForm>()), high = Keep(High.Select(f => f.Times(k)).OfType<LinearForm>());
        return k < 0 ? new(high, low) : new(low, high);
    }

    /// <summary>One of the two holds.</summary>
    public SymbolicRange Union(SymbolicRange other, RangeContext known) =>
        new(Either(Low, other.Low, BinaryOp.Min, known), Either(High, other.High, BinaryOp.Max, known));

    private static ImmutableArray<LinearForm> Sums(ImmutableArray<LinearForm> a, ImmutableArray<LinearForm> b) =>
        Keep(a.SelectMany(x => b.Select(y => x.Plus(y))).OfType<LinearForm>());

    private static ImmutableArray<LinearForm> Keep(IEnumerable<LinearForm> forms)
    {
        var kept = ImmutableArray.CreateBuilder<LinearForm>();
        foreach (var f in forms)
            if (kept.Count < MaxForms && !kept.Any(k => k.Minus(f) is { IsConstant: true, Constant: 0 })) kept.Add(f);
        return kept.ToImmutable();
    }

    // A bound of one that also bounds the other; where there is none, the extreme of both.
    private static ImmutableArray<LinearForm> Either(ImmutableArray<LinearForm> a, ImmutableArray<LinearForm> b, BinaryOp extreme, RangeContext known)
    {
        if (a.IsEmpty || b.IsEmpty) return [];
        var op = extreme is BinaryOp.Min ? BinaryOp.Le : BinaryOp.Ge;
        List<LinearForm> found = [.. a.Where(x => b.Any(y => Holds(x, y))), .. b.Where(y => a.Any(x => Holds(y, x)))];
        return found.Count > 0 ? Keep(found) : LinearForm.Of(Expr.Make(extreme, a[0].ToExpr(), b[0].ToExpr())) is { } both ? [both] : [];

        bool Holds(LinearForm x, LinearForm y) => x.Minus(y) is { } d && known.Decide(op, d) == true;
    }

    /// <summary>The range of an index while variables lie in theirs.</summary>
    /// <param name="ranges">Null for a variable that stands for itself.</param>
    public static SymbolicRange Of(Expr e, Func<Var, SymbolicRange?> ranges, RangeContext known)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (e.Type != IrType.Index || !e.BuffersRead().IsEmpty || LinearForm.Of(e) is not { } form) return Unknown;
        var sum = At(LinearForm.Of(form.Constant));
        foreach (var (atom, k) in form.Terms)
        {
            var part = OfAtom(atom, ranges, known);
            sum += part.Times(k);
        }
        return sum;
    }

    private static SymbolicRange OfAtom(Expr atom, Func<Var, SymbolicRange?> ranges, RangeContext known)
    {
        if (atom is Var v) return ranges(v) ?? At(LinearForm.Of(v)!);
        if (atom.FreeVars().All(x => ranges(x) is null)) return At(LinearForm.Of(atom)!);
        switch (atom)
        {
            case Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 and var c } } b:
                var x = Of(b.Left, ranges, known);
                return new(Keep(x.Low.Select(f => Quotient(f, c)).OfType<LinearForm>()), Keep(x.High.Select(f => Quotient(f, c)).OfType<LinearForm>()));
            case Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 and var c } }: return new([LinearForm.Of(0)], [LinearForm.Of(c - 1)]);
            case Binary { Op: BinaryOp.Mod } b when b.Right.FreeVars().All(y => ranges(y) is null) && known.Decide(BinaryOp.Gt, b.Right, IntImm.Index(0)) == true:
                return new([LinearForm.Of(0)], LinearForm.Of(b.Right)?.Plus(-1) is { } last ? [last] : []);
            case Binary { Op: BinaryOp.Min or BinaryOp.Max } b:
                var (l, r) = (Of(b.Left, ranges, known), Of(b.Right, ranges, known));
                return b.Op is BinaryOp.Min
                    ? new(Either(l.Low, r.Low, BinaryOp.Min, known), Keep(l.High.Concat(r.High)))
                    : new(Keep(l.Low.Concat(r.Low)), Either(l.High, r.High, BinaryOp.Max, known));
            case Select s: return Of(s.Then, ranges, known).Union(Of(s.Else, ranges, known), known);
            default: return Unknown;
        }
    }

    // What divides evenly is taken out.
    private static LinearForm? Quotient(LinearForm f, long c)
    {
        if (f.IsConstant) return LinearForm.Of(ScalarMath.FloorDiv(f.Constant, c));
        if (f.Divisor() % c == 0) return f.WithConstant(0).DividedBy(c).Plus(ScalarMath.FloorDiv(f.Constant, c));
        return LinearForm.Of(new Binary(BinaryOp.Div, f.ToExpr(), IntImm.Index(c)));
    }
}
