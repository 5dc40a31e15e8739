using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Proofs;

/// <param name="MustHoldForAllSizes">False where only the sizes in use matter, such as a cast that wraps at 2^32.</param>
internal sealed record Claim(Deferred Deferred, bool MustHoldForAllSizes);

/// <summary>A condition on data.</summary>
/// <param name="Check">What is checked when the kernel runs, unless the condition is proved.</param>
internal sealed record DataClaim(RuntimeCheck Check, Term Condition, ImmutableArray<IndexSymbol> Scope, ImmutableArray<Term> Path);

/// <summary>Walks an equation and collects what must hold at each place, with the indices and conditions around it.</summary>
/// <param name="ofData">Collect the conditions on data; else those over dimensions and indices.</param>
internal sealed class ClaimCollector(bool ofData) : PathWalker
{
    private string _reader = "";

    public List<Claim> Claims { get; } = [];
    public List<DataClaim> DataClaims { get; } = [];

    public void Visit(Equation equation)
    {
        (Scope, _reader) = (equation.Indices, equation.Targets[0].Tensor.Name);
        foreach (var target in equation.Targets)
        {
            foreach (var index in target.Indices) Visit(index);
            for (int d = 0; d < target.Indices.Length; d++)
                if (TermMeasure.ReadsData(target.Indices[d])) AddData(new WriteCheck(_reader, target, d), Inside(target.Indices[d], target.Tensor.Shape[d]));
        }
        Visit(equation.Value);
    }

    protected override void VisitBinary(BinaryTerm b)
    {
        base.VisitBinary(b);
        if (b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod) CheckDivisor(b);
        if (b.Op is BinaryOp.Shl or BinaryOp.Shr) CheckAmount(b);
    }

    protected override void VisitRead(ReadTerm read)
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
            if (TermMeasure.ReadsData(read.Indices[d]))
            {
                AddData(new ReadCheck(_reader, read, d), Inside(read, d));
                continue;
            }
            if (ofData) continue;
            var extent = read.Tensor.Shape[d];
            ImmutableArray<Label> labels = read.Tensor.Span is { } span ? [new(span, $"dimension {d} of `{read.Tensor.Name}` has the extent `{Terms.Print(extent)}`")] : [];
            Add(new(ProofDiagnostics.ReadOutside, [Terms.Print(read), d, read.Tensor.Name, Terms.Print(extent)], Inside(read, d), Scope, Path,
                read.Indices[d].Span ?? read.Span, labels), read, d);
        }
    }

    private static LogicalTerm Inside(ReadTerm read, int dimension) => Inside(read.Indices[dimension], read.Tensor.Shape[dimension]);

    private static LogicalTerm Inside(Term index, Term extent) => new(true, new BinaryTerm(BinaryOp.Le, ConstTerm.Int(0), index), new BinaryTerm(BinaryOp.Lt, index, extent));

    /// <summary>Divisors of type <c>int</c> without data are among the operator's obligations.</summary>
    private void CheckDivisor(BinaryTerm division)
    {
        var divisor = division.Right;
        if (!division.Type.IsInteger || DataRange.IsNeverZero(divisor, Path)) return;
        if (DataRange.IndexBehind(divisor) is not { } index)
        {
            AddData(new DivisorCheck(_reader, division), new BinaryTerm(BinaryOp.Ne, divisor, new ConstTerm(Scalar.Of(divisor.Type, 0L))));
            return;
        }
        if (ofData || division.Type is ElementType.Int) return;
        var span = divisor.Span ?? division.Span;
        Add(new(SemanticDiagnostics.DivisionByZero, [Terms.Print(index)], new BinaryTerm(BinaryOp.Ne, index, ConstTerm.Int(0)), Scope, Path, span, []), null, 0);
        if (division.Type.Bits > 32) return;
        var wrapped = new BinaryTerm(BinaryOp.Mod, index, ConstTerm.Int(1L << division.Type.Bits));
        Add(new(SemanticDiagnostics.DivisionByZero, [Terms.Print(divisor)], new BinaryTerm(BinaryOp.Ne, wrapped, ConstTerm.Int(0)), Scope, Path, span, []),
            null, 0, mustHoldForAllSizes: division.Type.Bits < 32);
    }

    private void CheckAmount(BinaryTerm shift)
    {
        var (amount, width) = (shift.Right, shift.Type.Bits);
        // A shift by an index is among the operator's obligations.
        if (DataRange.IndexBehind(amount) is not null || DataRange.IsBetween(amount, width, Path)) return;
        AddData(new ShiftCheck(_reader, shift), new LogicalTerm(true,
            new BinaryTerm(BinaryOp.Le, new ConstTerm(Scalar.Of(amount.Type, 0L)), amount), new BinaryTerm(BinaryOp.Lt, amount, new ConstTerm(Scalar.Of(amount.Type, (long)width)))));
    }

    private void AddData(RuntimeCheck check, Term condition)
    {
        if (ofData) DataClaims.Add(new(check, condition, Scope, Path));
    }

    private void Add(Obligation obligation, ReadTerm? read, int dimension, bool mustHoldForAllSizes = true) =>
        Claims.Add(new(new(obligation, read, dimension), mustHoldForAllSizes));
}
