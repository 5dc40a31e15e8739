using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Lang.Program;

namespace Tx.Lang.Dependences;

/// <summary>A read with the indices that it stands under and the conditions on its path.</summary>
internal sealed record PlacedRead(ReadTerm Read, ImmutableArray<IndexSymbol> Scope, ImmutableArray<Term> Path);

/// <summary>Finds the reads of an equation, those of its subscripts among them.</summary>
internal sealed class ReadCollector
{
    private readonly Func<TensorSymbol, bool> _isWanted;
    private readonly List<PlacedRead> _reads = [];
    private ImmutableArray<IndexSymbol> _scope;
    private ImmutableArray<Term> _path = [];

    private ReadCollector(Equation equation, Func<TensorSymbol, bool> isWanted)
    {
        (_isWanted, _scope) = (isWanted, equation.Indices);
        foreach (var target in equation.Targets)
            foreach (var index in target.Indices) Visit(index);
        Visit(equation.Value);
    }

    public static IReadOnlyList<PlacedRead> Find(Equation equation, Func<TensorSymbol, bool> isWanted) => new ReadCollector(equation, isWanted)._reads;

    private void Visit(Term term)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ReadTerm r:
                foreach (var index in r.Indices) Visit(index);
                if (r.Default is not null) Visit(r.Default);
                if (_isWanted(r.Tensor)) _reads.Add(new(r, _scope, _path));
                break;
            case UnaryTerm u: Visit(u.Operand); break;
            case BinaryTerm b:
                Visit(b.Left);
                Visit(b.Right);
                break;
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
                var outer = _scope;
                _scope = _scope.AddRange(r.Indices);
                if (r.Condition is not null)
                {
                    Visit(r.Condition);
                    VisitUnder(r.Condition, r.Body);
                }
                else Visit(r.Body);
                _scope = outer;
                break;
        }
    }

    private void VisitUnder(Term condition, Term term)
    {
        var outer = _path;
        _path = _path.Add(condition);
        Visit(term);
        _path = outer;
    }
}
