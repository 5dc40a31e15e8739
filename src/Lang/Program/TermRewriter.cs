using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tx.Lang.Program;

/// <summary>Rebuilds a term bottom-up. Override the few nodes that change; the rest returns the same object when nothing below changed.
/// An index of a reduction whose range changes is replaced by a new symbol.</summary>
public abstract class TermRewriter
{
    private readonly Dictionary<IndexSymbol, IndexSymbol> _renamed = [];

    public virtual Term Visit(Term t)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return t switch
        {
            ConstTerm => t,
            DimTerm d => VisitDim(d),
            IndexTerm i => _renamed.TryGetValue(i.Index, out var index) ? new IndexTerm(index, i.Span) : VisitIndex(i),
            ReadTerm r => VisitRead(r),
            UnaryTerm u => VisitUnary(u),
            BinaryTerm b => VisitBinary(b),
            LogicalTerm l => VisitLogical(l),
            SelectTerm s => VisitSelect(s),
            CastTerm c => VisitCast(c),
            IntrinsicTerm f => VisitIntrinsic(f),
            ReduceTerm r => VisitReduce(r),
            _ => throw new UnreachableException(t.GetType().Name),
        };
    }

    protected virtual Term VisitDim(DimTerm d) => d;
    protected virtual Term VisitIndex(IndexTerm i) => i;

    protected virtual Term VisitRead(ReadTerm r)
    {
        var indices = Visit(r.Indices);
        var fallback = r.Default is null ? null : Visit(r.Default);
        return indices == r.Indices && ReferenceEquals(fallback, r.Default) ? r : new ReadTerm(r.Tensor, indices, fallback, r.Span);
    }

    protected virtual Term VisitUnary(UnaryTerm u)
    {
        var operand = Visit(u.Operand);
        return ReferenceEquals(operand, u.Operand) ? u : new UnaryTerm(u.Op, operand, u.Span);
    }

    protected virtual Term VisitBinary(BinaryTerm b)
    {
        var (left, right) = (Visit(b.Left), Visit(b.Right));
        return ReferenceEquals(left, b.Left) && ReferenceEquals(right, b.Right) ? b : new BinaryTerm(b.Op, left, right, b.Span);
    }

    protected virtual Term VisitLogical(LogicalTerm l)
    {
        var (left, right) = (Visit(l.Left), Visit(l.Right));
        return ReferenceEquals(left, l.Left) && ReferenceEquals(right, l.Right) ? l : new LogicalTerm(l.IsAnd, left, right, l.Span);
    }

    protected virtual Term VisitSelect(SelectTerm s)
    {
        var (condition, then, @else) = (Visit(s.Condition), Visit(s.Then), Visit(s.Else));
        return ReferenceEquals(condition, s.Condition) && ReferenceEquals(then, s.Then) && ReferenceEquals(@else, s.Else)
            ? s : new SelectTerm(condition, then, @else, s.Span);
    }

    protected virtual Term VisitCast(CastTerm c)
    {
        var operand = Visit(c.Operand);
        return ReferenceEquals(operand, c.Operand) ? c : new CastTerm(c.Kind, c.Type, operand, c.Span);
    }

    protected virtual Term VisitIntrinsic(IntrinsicTerm f)
    {
        var arguments = Visit(f.Arguments);
        return arguments == f.Arguments ? f : new IntrinsicTerm(f.Function, arguments, f.Span);
    }

    protected virtual Term VisitReduce(ReduceTerm r)
    {
        var indices = r.Indices;
        for (int i = 0; i < indices.Length; i++)
        {
            var old = r.Indices[i];
            var (start, end) = (Visit(old.Start), Visit(old.End));
            if (ReferenceEquals(start, old.Start) && ReferenceEquals(end, old.End)) continue;
            var renamed = new IndexSymbol(old.Name, old.IsReduction, old.Span) { Pack = old.Pack, Start = start, End = end };
            _renamed[old] = renamed;
            indices = indices.SetItem(i, renamed);
        }
        var condition = r.Condition is null ? null : Visit(r.Condition);
        var body = Visit(r.Body);
        foreach (var index in r.Indices) _renamed.Remove(index);
        return indices == r.Indices && ReferenceEquals(condition, r.Condition) && ReferenceEquals(body, r.Body)
            ? r : new ReduceTerm(r.Kind, indices, condition, body, r.IsExact, r.Type, r.Span, r.Reducer);
    }

    /// <summary>The same array when no element changed.</summary>
    protected ImmutableArray<Term> Visit(ImmutableArray<Term> terms)
    {
        ImmutableArray<Term>.Builder? changed = null;
        for (int i = 0; i < terms.Length; i++)
        {
            var t = Visit(terms[i]);
            if (changed is null && !ReferenceEquals(t, terms[i]))
            {
                changed = ImmutableArray.CreateBuilder<Term>(terms.Length);
                changed.AddRange(terms, i);
            }
            changed?.Add(t);
        }
        return changed?.MoveToImmutable() ?? terms;
    }
}
