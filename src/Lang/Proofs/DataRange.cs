using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>What the form of a term and the conditions around it say about an element's value.</summary>
internal static class DataRange
{
    /// <summary>The term of type <c>int</c> that a value was converted from, where no data is in it.</summary>
    public static Term? IndexBehind(Term term)
    {
        while (term is CastTerm { Kind: CastKind.Convert } c && c.Type.IsInteger) term = c.Operand;
        if (term.Type is not ElementType.Int) return null;
        var symbols = new SymbolCollector();
        symbols.Visit(term);
        return symbols.HasData ? null : term;
    }

    public static bool IsNeverZero(Term term, ImmutableArray<Term> path)
    {
        if (path.Any(c => Implies(c, b => (b.Op is BinaryOp.Ne && IsNumber(b.Right, n => n == 0))
            || (b.Op is BinaryOp.Gt && IsNumber(b.Right, n => n >= 0)) || (b.Op is BinaryOp.Ge && IsNumber(b.Right, n => n >= 1))
            || (b.Op is BinaryOp.Lt && IsNumber(b.Right, n => n <= 0)) || (b.Op is BinaryOp.Le && IsNumber(b.Right, n => n <= -1)), term))) return true;
        return term switch
        {
            ConstTerm c => c.Value.Exact != 0,
            BinaryTerm { Op: BinaryOp.Max } b => IsNumber(b.Left, n => n > 0) || IsNumber(b.Right, n => n > 0),
            BinaryTerm { Op: BinaryOp.Or } b => IsNumber(b.Left, n => n != 0) || IsNumber(b.Right, n => n != 0),
            // A conversion that keeps all bits of the operand keeps it from being zero.
            CastTerm { Kind: CastKind.Convert } c => c.Operand.Type.IsInteger && c.Operand.Type is not ElementType.Int && c.Type.Bits >= c.Operand.Type.Bits && IsNeverZero(c.Operand, path),
            SelectTerm s => IsNeverZero(s.Then, path.Add(s.Condition)) && IsNeverZero(s.Else, path.Add(Terms.Negate(s.Condition))),
            _ => false,
        };
    }

    /// <summary>Is the value at least 0 and below <paramref name="end"/>?</summary>
    public static bool IsBetween(Term term, int end, ImmutableArray<Term> path)
    {
        while (true)
        {
            var t = term;
            bool isBelow = path.Any(c => Implies(c, b => (b.Op is BinaryOp.Lt && IsNumber(b.Right, n => n <= end)) || (b.Op is BinaryOp.Le && IsNumber(b.Right, n => n < end)), t));
            bool isAbove = t.Type.IsUnsigned
                || path.Any(c => Implies(c, b => (b.Op is BinaryOp.Ge && IsNumber(b.Right, n => n >= 0)) || (b.Op is BinaryOp.Gt && IsNumber(b.Right, n => n >= -1)), t));
            if (isBelow && isAbove) return true;
            switch (t)
            {
                case ConstTerm c: return c.Value.Exact >= 0 && c.Value.Exact < end;
                case BinaryTerm { Op: BinaryOp.And } b: return IsNumber(b.Right, n => n >= 0 && n < end) || IsNumber(b.Left, n => n >= 0 && n < end);
                case BinaryTerm { Op: BinaryOp.Mod } b: return IsNumber(b.Right, n => n >= 1 && n <= end);
                case BinaryTerm { Op: BinaryOp.Min, Type.IsUnsigned: true } b: return IsNumber(b.Left, n => n < end) || IsNumber(b.Right, n => n < end);
                // A value in range stays the same in any type.
                case CastTerm { Kind: CastKind.Convert, Operand.Type.IsInteger: true } c: term = c.Operand; continue;
                default: return false;
            }
        }
    }

    private static bool IsNumber(Term term, Func<Int128, bool> test) => term is ConstTerm c && c.Type.IsInteger && test(c.Value.Exact);

    /// <summary>Is a part of the condition a comparison of <paramref name="term"/>, on the left, that passes the test?</summary>
    private static bool Implies(Term condition, Func<BinaryTerm, bool> test, Term term) => condition switch
    {
        LogicalTerm { IsAnd: true } l => Implies(l.Left, test, term) || Implies(l.Right, test, term),
        BinaryTerm { Op.IsComparison: true } b => (Terms.AreSame(b.Left, term) && test(b)) || (Terms.AreSame(b.Right, term) && test(Mirror(b))),
        _ => false,
    };

    private static BinaryTerm Mirror(BinaryTerm b) => new(b.Op switch
    {
        BinaryOp.Lt => BinaryOp.Gt, BinaryOp.Gt => BinaryOp.Lt, BinaryOp.Le => BinaryOp.Ge, BinaryOp.Ge => BinaryOp.Le, var op => op,
    }, b.Right, b.Left);
}
