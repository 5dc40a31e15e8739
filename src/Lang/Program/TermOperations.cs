using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>Questions to terms, and pure changes of them.</summary>
public static partial class Terms
{
    public static readonly ConstTerm True = new(Scalar.Bool(true)), False = new(Scalar.Bool(false));

    /// <summary>Brings parts of type <c>int</c> into canonical form and decides comparisons of parts that differ by a constant.
    /// The same object when nothing changed. Divisors are taken to be non-zero.</summary>
    public static Term Simplify(Term term) => new Simplifier().Visit(term);

    /// <summary>Replaces symbols; null from a function keeps the symbol. The same object when nothing changed.</summary>
    public static Term Substitute(Term term, Func<DimSymbol, Term?>? dims, Func<IndexSymbol, Term?>? indices = null) =>
        new Substitution(dims, indices).Visit(term);

    /// <summary>The terms directly below, the ranges of a reduction's indices left aside.</summary>
    public static IEnumerable<Term> Parts(Term term) => term switch
    {
        ReadTerm r => r.Default is { } d ? r.Indices.Append(d) : r.Indices,
        UnaryTerm u => [u.Operand],
        BinaryTerm b => [b.Left, b.Right],
        LogicalTerm l => [l.Left, l.Right],
        SelectTerm s => [s.Condition, s.Then, s.Else],
        CastTerm c => [c.Operand],
        IntrinsicTerm f => f.Arguments,
        ReduceTerm r => r.Condition is { } c ? [c, r.Body] : [r.Body],
        _ => [],
    };

    /// <summary>The terms directly below, the ranges of a reduction's indices first.</summary>
    public static IEnumerable<Term> Children(Term term) =>
        term is ReduceTerm r ? r.Indices.SelectMany(i => (Term[])[i.Start, i.End]).Concat(Parts(r)) : Parts(term);

    /// <summary>The condition that does not hold where this one does; comparisons of integers are turned round.</summary>
    public static Term Negate(Term condition)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return condition switch
        {
            ConstTerm c => c.Value.IsTrue ? False : True,
            UnaryTerm { Op: UnaryOp.Not } u => u.Operand,
            LogicalTerm l => new LogicalTerm(!l.IsAnd, Negate(l.Left), Negate(l.Right), l.Span),
            BinaryTerm { Op.IsComparison: true, Left.Type.IsFloat: false } b => new BinaryTerm(b.Op switch
            {
                BinaryOp.Eq => BinaryOp.Ne, BinaryOp.Ne => BinaryOp.Eq,
                BinaryOp.Lt => BinaryOp.Ge, BinaryOp.Ge => BinaryOp.Lt,
                BinaryOp.Le => BinaryOp.Gt, _ => BinaryOp.Le,
            }, b.Left, b.Right, b.Span),
            _ => new UnaryTerm(UnaryOp.Not, condition, condition.Span),
        };
    }

    /// <summary>The parts of a condition that is an <c>&amp;&amp;</c> of them.</summary>
    public static IEnumerable<Term> Conjuncts(Term condition) =>
        condition is LogicalTerm { IsAnd: true } l ? Conjuncts(l.Left).Concat(Conjuncts(l.Right)) : [condition];

    /// <summary>Equal in structure: the same nodes, symbols, numbers. Places in the text do not count.</summary>
    public static bool AreSame(Term? a, Term? b)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.Type != b.Type) return false;
        return (a, b) switch
        {
            (ConstTerm x, ConstTerm y) => x.Value == y.Value,
            (DimTerm x, DimTerm y) => x.Dim == y.Dim,
            (IndexTerm x, IndexTerm y) => x.Index == y.Index,
            (ReadTerm x, ReadTerm y) => x.Tensor == y.Tensor && AreSame(x.Indices, y.Indices) && AreSame(x.Default, y.Default),
            (UnaryTerm x, UnaryTerm y) => x.Op == y.Op && AreSame(x.Operand, y.Operand),
            (BinaryTerm x, BinaryTerm y) => x.Op == y.Op && AreSame(x.Left, y.Left) && AreSame(x.Right, y.Right),
            (LogicalTerm x, LogicalTerm y) => x.IsAnd == y.IsAnd && AreSame(x.Left, y.Left) && AreSame(x.Right, y.Right),
            (SelectTerm x, SelectTerm y) => AreSame(x.Condition, y.Condition) && AreSame(x.Then, y.Then) && AreSame(x.Else, y.Else),
            (CastTerm x, CastTerm y) => x.Kind == y.Kind && AreSame(x.Operand, y.Operand),
            (IntrinsicTerm x, IntrinsicTerm y) => x.Function == y.Function && AreSame(x.Arguments, y.Arguments),
            (ReduceTerm x, ReduceTerm y) => x.Kind == y.Kind && x.Reducer == y.Reducer && x.IsExact == y.IsExact && x.Indices.SequenceEqual(y.Indices)
                && AreSame(x.Condition, y.Condition) && AreSame(x.Body, y.Body),
            _ => false,
        };
    }

    private static bool AreSame(ImmutableArray<Term> a, ImmutableArray<Term> b)
    {
        if (a.Length != b.Length) return false;
        for (int i = 0; i < a.Length; i++)
            if (!AreSame(a[i], b[i])) return false;
        return true;
    }

    /// <summary>Agrees with <see cref="AreSame(Term, Term)"/>; for tables in memory only.</summary>
    internal static int Hash(Term term) => term switch
    {
        ConstTerm c => c.Value.GetHashCode(),
        DimTerm d => RuntimeHelpers.GetHashCode(d.Dim),
        IndexTerm i => RuntimeHelpers.GetHashCode(i.Index),
        ReadTerm r => unchecked(r.Indices.Aggregate(RuntimeHelpers.GetHashCode(r.Tensor), (h, t) => h * 31 + ShallowHash(t))),
        CastTerm c => unchecked((int)c.Type * 7 + ShallowHash(c.Operand)),
        _ => ShallowHash(term),
    };

    private static int ShallowHash(Term term) => term switch
    {
        ConstTerm c => c.Value.GetHashCode(),
        DimTerm d => RuntimeHelpers.GetHashCode(d.Dim),
        IndexTerm i => RuntimeHelpers.GetHashCode(i.Index),
        ReadTerm r => RuntimeHelpers.GetHashCode(r.Tensor),
        BinaryTerm b => (int)b.Op + 64,
        _ => (int)term.Type,
    };

    private sealed class Substitution(Func<DimSymbol, Term?>? dims, Func<IndexSymbol, Term?>? indices) : TermRewriter
    {
        protected override Term VisitDim(DimTerm d) => dims?.Invoke(d.Dim) ?? d;
        protected override Term VisitIndex(IndexTerm i) => indices?.Invoke(i.Index) ?? i;
    }

    private sealed class Simplifier : TermRewriter
    {
        private bool _isInsideSum;

        public override Term Visit(Term t)
        {
            // What a form keeps whole (reads, casts, choices) is simplified first; the arithmetic around it once, from its top.
            bool outer = _isInsideSum;
            _isInsideSum = t.Type is ElementType.Int && IsArithmetic(t);
            var inner = base.Visit(t);
            bool isTop = _isInsideSum && !outer;
            _isInsideSum = outer;
            return isTop && AffineForm.Of(inner).ToTerm() is { } simple && !AreSame(simple, inner) ? simple : inner;
        }

        private static bool IsArithmetic(Term t) => t is UnaryTerm or BinaryTerm || t is CastTerm { Operand.Type: ElementType.Int };

        protected override Term VisitBinary(BinaryTerm b)
        {
            var result = base.VisitBinary(b);
            if (result is not BinaryTerm { Op.IsComparison: true, Left.Type: ElementType.Int } c) return result;
            return (AffineForm.Of(c.Left) - AffineForm.Of(c.Right)) is { IsConstant: true } d ? Compare(c.Op, d.Constant.Sign) ? True : False : c;
        }

        protected override Term VisitLogical(LogicalTerm l)
        {
            var result = base.VisitLogical(l);
            if (result is not LogicalTerm n) return result;
            if (n.Left is ConstTerm left) return left.Value.IsTrue == n.IsAnd ? n.Right : left;
            return n.Right is ConstTerm right && right.Value.IsTrue == n.IsAnd ? n.Left : n;
        }

        protected override Term VisitUnary(UnaryTerm u)
        {
            var result = base.VisitUnary(u);
            return result is UnaryTerm { Op: UnaryOp.Not, Operand: ConstTerm c } ? c.Value.IsTrue ? False : True : result;
        }

        protected override Term VisitSelect(SelectTerm s)
        {
            var result = base.VisitSelect(s);
            return result is SelectTerm { Condition: ConstTerm c } n ? c.Value.IsTrue ? n.Then : n.Else : result;
        }
    }

    internal static bool Compare(BinaryOp op, int sign) => op switch
    {
        BinaryOp.Eq => sign == 0, BinaryOp.Ne => sign != 0,
        BinaryOp.Lt => sign < 0, BinaryOp.Le => sign <= 0,
        BinaryOp.Gt => sign > 0, _ => sign >= 0,
    };
}
