using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Proofs;

/// <summary>Proves that an operator is safe to run: every read without <c>??</c> lies inside its tensor, and what the operator owes
/// beside that holds. One question for each dimension of each read.</summary>
public static class OperatorChecker
{
    /// <summary>Checks for all sizes at once. What is not decided so is in <see cref="OperatorReport.Deferred"/>.</summary>
    public static OperatorReport Check(Operator op, IProver prover)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var deferred = ImmutableArray.CreateBuilder<Deferred>();
        int proved = 0;
        var requires = op.Requires;
        var faulty = new List<SourceSpan>();

        // A call whose requirement does not hold is wrong before anything that follows from it.
        foreach (var o in op.Obligations.OrderBy(o => o.Descriptor == SemanticDiagnostics.RequirementNotMet ? 0 : 1))
        {
            if (Decide(new(new Deferred(o, null, 0), true)) is not { } error) continue;
            diagnostics.Add(error);
            if (o.Span is { } span) faulty.Add(span);
            // What was reported is assumed from here on, so that one mistake is one error.
            if (o.Scope.IsEmpty && o.Assumptions.IsEmpty) requires = requires.Add(o.Condition);
        }
        foreach (var stage in op.Stages)
            foreach (var equation in stage.Equations)
            {
                // What is owed here and does not hold would only be said again.
                if (equation.Span is { } span && faulty.Exists(f => f.Source == span.Source && span.Span.Start <= f.Span.Start && f.Span.End <= span.Span.End)) continue;
                var claims = new ClaimCollector(ofData: false);
                claims.Visit(equation);
                var reported = new HashSet<(TensorSymbol?, int)>();
                foreach (var claim in claims.Claims)
                    if (Decide(claim) is { } error && reported.Add((claim.Deferred.Read?.Tensor, claim.Deferred.Dimension))) diagnostics.Add(error);
            }
        return new(op, diagnostics.ToImmutable(), deferred.ToImmutable(), proved);

        Diagnostic? Decide(Claim claim)
        {
            var result = prover.Prove(Assumptions(requires, claim.Deferred.Obligation), claim.Deferred.Obligation.Scope, claim.Deferred.Obligation.Condition);
            if (result.Verdict is Verdict.Proved) proved++;
            else if (result.Verdict is Verdict.Refuted && claim.MustHoldForAllSizes) return ProofReport.Refuted(claim.Deferred, result);
            else deferred.Add(claim.Deferred);
            return null;
        }
    }

    /// <summary>Decides with numbers what <paramref name="report"/> left open, and whether all tensors can exist. The sizes satisfy the
    /// operator's <c>require</c>. Call it for every choice of sizes, also when nothing was left open.</summary>
    public static ImmutableArray<Diagnostic> CheckDeferred(OperatorReport report, IProver prover, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var reported = new HashSet<(TensorSymbol?, int)>();
        foreach (var d in report.Deferred)
        {
            var question = new Question(Assumptions(report.Operator.Requires, d.Obligation), d.Obligation.Scope, d.Obligation.Condition).WithDims(dims);
            var result = prover.Prove(question.Assumptions, question.Scope, question.Condition);
            if (result.Verdict is Verdict.Proved || (d.Read is not null && !reported.Add((d.Read.Tensor, d.Dimension)))) continue;
            diagnostics.Add(result.Verdict is Verdict.Refuted
                ? ProofReport.Refuted(d, new(Verdict.Refuted, [.. report.Operator.Dims.Select(s => (s.Name, dims[s])), .. result.Witness]))
                : ProofReport.NotDecided(d));
        }
        diagnostics.AddRange(CheckSizes(report.Operator, dims));
        return diagnostics.ToImmutable();
    }

    /// <summary>Refuses tensors that no address space holds, and index arithmetic that leaves 64 bits.</summary>
    public static ImmutableArray<Diagnostic> CheckSizes(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        foreach (var t in op.Parameters.Concat(op.Stages.SelectMany(s => s.Tensors)))
        {
            // A negative extent is reported as what it is.
            if (ShapeChecker.ByteCount(t, dims) is not null || t.Shape.Any(e => Terms.Evaluate(e, dims) < 0)) continue;
            string shape = string.Join(", ", t.Shape.Select(e => Terms.Print(Terms.Evaluate(e, dims) is { } n ? ConstTerm.Int(n) : e)));
            return [Diagnostic.Create(ProofDiagnostics.TensorTooLarge, t.Span, t.Name, shape)];
        }
        var overflow = new IndexOverflow(dims);
        foreach (var stage in op.Stages)
            foreach (var equation in stage.Equations)
            {
                overflow.Visit(equation);
                if (overflow.Found is { } term) return [Diagnostic.Create(ProofDiagnostics.IndexTooLarge, term.Span ?? equation.Span, Terms.Print(term))];
            }
        return [];
    }

    /// <summary>The index arithmetic that can leave 64 bits for some sizes up to <paramref name="maxSize"/>: what <see cref="CheckSizes"/> refuses is among it.</summary>
    public static ImmutableArray<Term> MayOverflow(Operator op, long maxSize)
    {
        var found = new List<Term>();
        var overflow = new IndexOverflow(ImmutableDictionary<DimSymbol, long>.Empty, maxSize, found);
        foreach (var equation in op.Stages.SelectMany(s => s.Equations)) overflow.Visit(equation);
        return [.. found.Distinct()];
    }

    private static ImmutableArray<Term> Assumptions(ImmutableArray<Term> requires, Obligation o) => requires.AddRange(DataFree(o.Assumptions));

    /// <summary>The parts of conditions that no data is in: the values of data may be any.</summary>
    internal static IEnumerable<Term> DataFree(IEnumerable<Term> conditions)
    {
        foreach (var condition in conditions)
        {
            if (condition is LogicalTerm { IsAnd: true } l)
            {
                foreach (var part in DataFree([l.Left, l.Right])) yield return part;
                continue;
            }
            var symbols = new SymbolCollector();
            symbols.Visit(condition);
            if (!symbols.HasData) yield return condition;
        }
    }
}
