using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Proofs;

/// <param name="MustHoldForAllSizes">False where only the sizes in use matter, such as a cast that wraps at 2^32.</param>
internal sealed record Claim(Deferred Deferred, bool MustHoldForAllSizes);

/// <summary>Walks an equation and collects what must hold at each place, with the indices and conditions around it.</summary>
internal sealed class ClaimCollector
{
    private ImmutableArray<IndexSymbol> _scope = [];
    private ImmutableArray<Term> _path = [];

    public List<Claim> Claims { get; } = [];
    /// <summary>Operations on data that cannot be made safe yet.</summary>
    public List<Diagnostic> Limits { get; } = [];

    public void Visit(Equation equation)
    {
        _scope = equation.Indices;
        foreach (var target in equation.Targets)
            foreach (var index in target.Indices) Visit(index);
        Visit(equation.Value);
    }

    private void Visit(Term term)
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
            case BinaryTerm b:
                Visit(b.Left);
                Visit(b.Right);
                if (b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod) CheckDivisor(b);
                if (b.Op is BinaryOp.Shl or BinaryOp.Shr) CheckAmount(b);
                break;
            default: throw new CompilerBugException("proofs", $"unknown term {term.GetType().Name}");
        }
    }

    private void VisitUnder(Term condition, Term term)
    {
        var outer = _path;
        _path = _path.Add(condition);
        Visit(term);
        _path = outer;
    }

    private void VisitRead(ReadTerm read)
    {
        foreach (var index in read.Indices) Visit(index);
        if (read.Default is not null)
        {
            // The default counts only where some index is outside.
            var inside = Enumerable.Range(0, read.Indices.Length).Select(d => Inside(read, d)).Aggregate((Term?)null, (all, c) => all is null ? c : new LogicalTerm(true, all, c));
            VisitUnder(Terms.Negate(inside ?? Terms.True), read.Default);
            return;
        }
        for (int d = 0; d < read.Indices.Length; d++)
        {
            var extent = read.Tensor.Shape[d];
            ImmutableArray<Label> labels = read.Tensor.Span is { } span ? [new(span, $"dimension {d} of `{read.Tensor.Name}` has the extent `{Terms.Print(extent)}`")] : [];
            Add(new(ProofDiagnostics.ReadOutside, [Terms.Print(read), d, read.Tensor.Name, Terms.Print(extent)], Inside(read, d), _scope, _path,
                read.Indices[d].Span ?? read.Span, labels), read, d);
        }
    }

    private static LogicalTerm Inside(ReadTerm read, int dimension)
    {
        var index = read.Indices[dimension];
        return new(true, new BinaryTerm(BinaryOp.Le, ConstTerm.Int(0), index), new BinaryTerm(BinaryOp.Lt, index, read.Tensor.Shape[dimension]));
    }

    /// <summary>Divisors of type <c>int</c> are among the operator's obligations.</summary>
    private void CheckDivisor(BinaryTerm division)
    {
        if (!division.Type.IsInteger || division.Type is ElementType.Int || DataRange.IsNeverZero(division.Right, _path)) return;
        if (DataRange.IndexBehind(division.Right) is { } index)
        {
            var span = division.Right.Span ?? division.Span;
            Add(new(SemanticDiagnostics.DivisionByZero, [Terms.Print(index)], new BinaryTerm(BinaryOp.Ne, index, ConstTerm.Int(0)), _scope, _path, span, []), null, 0);
            if (division.Type.Bits > 32) return;
            var wrapped = new BinaryTerm(BinaryOp.Mod, index, ConstTerm.Int(1L << division.Type.Bits));
            Add(new(SemanticDiagnostics.DivisionByZero, [Terms.Print(division.Right)], new BinaryTerm(BinaryOp.Ne, wrapped, ConstTerm.Int(0)), _scope, _path, span, []),
                null, 0, mustHoldForAllSizes: division.Type.Bits < 32);
            return;
        }
        Limits.Add(Diagnostic.Create(ProofDiagnostics.DivisorFromData, division.Right.Span ?? division.Span, Terms.Print(division.Right)));
    }

    private void CheckAmount(BinaryTerm shift)
    {
        int width = shift.Type.Bits;
        // A shift by an index is among the operator's obligations.
        if (DataRange.IndexBehind(shift.Right) is not null || DataRange.IsBetween(shift.Right, width, _path)) return;
        Limits.Add(Diagnostic.Create(ProofDiagnostics.ShiftFromData, shift.Right.Span ?? shift.Span, Terms.Print(shift.Right), width));
    }

    private void Add(Obligation obligation, ReadTerm? read, int dimension, bool mustHoldForAllSizes = true) =>
        Claims.Add(new(new(obligation, read, dimension), mustHoldForAllSizes));
}
