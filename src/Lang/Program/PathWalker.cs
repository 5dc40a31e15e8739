using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>Walks a term and knows at each place the indices around it and the conditions under which it is evaluated.</summary>
internal abstract class PathWalker
{
    /// <summary>The indices of the equation and of the reductions around, outermost first.</summary>
    protected ImmutableArray<IndexSymbol> Scope { get; set; } = [];
    /// <summary>The conditions that hold here.</summary>
    protected ImmutableArray<Term> Path { get; private set; } = [];

    protected void Visit(Term term)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm or DimTerm or IndexTerm: break;
            case ReadTerm r: VisitRead(r); break;
            case UnaryTerm u: Visit(u.Operand); break;
            case CastTerm c: Visit(c.Operand); break;
            case IntrinsicTerm f:
                foreach (var a in f.Arguments) Visit(a);
                break;
            case LogicalTerm l:
                Visit(l.Left);
                VisitUnder(l.IsAnd ? l.Left : Terms.Negate(l.Left), l.Right);
                break;
            case SelectTerm s:
                Visit(s.Condition);
                VisitUnder(s.Condition, s.Then);
                VisitUnder(Terms.Negate(s.Condition), s.Else);
                break;
            case ReduceTerm r:
                var outer = Scope;
                Scope = Scope.AddRange(r.Indices);
                if (r.Condition is not null)
                {
                    Visit(r.Condition);
                    VisitUnder(r.Condition, r.Body);
                }
                else Visit(r.Body);
                if (r.Reducer is { } reducer) Visit(reducer.Combine);
                Scope = outer;
                break;
            case BinaryTerm b: VisitBinary(b); break;
            default: throw new CompilerBugException("walk of a term", $"unknown term {term.GetType().Name}");
        }
    }

    protected void VisitUnder(Term condition, Term term)
    {
        var outer = Path;
        Path = Path.Add(condition);
        Visit(term);
        Path = outer;
    }

    protected abstract void VisitRead(ReadTerm read);

    protected virtual void VisitBinary(BinaryTerm b)
    {
        Visit(b.Left);
        Visit(b.Right);
    }
}
