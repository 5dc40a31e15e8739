using System.Collections.Immutable;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Numbers for symbols.</summary>
internal sealed record Point(Dictionary<DimSymbol, long> Dims, Dictionary<IndexSymbol, long> Indices);

/// <summary>Does a condition hold for all dimensions and indices under the assumptions?</summary>
internal sealed class Question
{
    /// <summary>The index of another question that an index of this one came from.</summary>
    private readonly Dictionary<IndexSymbol, IndexSymbol> _origins = [];
    private IReadOnlyDictionary<DimSymbol, long> _fixed = ImmutableDictionary<DimSymbol, long>.Empty;

    public Question(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition)
    {
        var symbols = new SymbolCollector();
        foreach (var index in scope) symbols.VisitRange(index);
        symbols.Visit(condition);
        foreach (var assumption in assumptions) symbols.Visit(assumption);
        (Assumptions, Condition) = (assumptions, condition);
        (Scope, Dims) = ([.. symbols.Indices], [.. symbols.Dims]);
    }

    public ImmutableArray<Term> Assumptions { get; }
    public Term Condition { get; }
    /// <summary>All indices that occur, outer ones first.</summary>
    public ImmutableArray<IndexSymbol> Scope { get; }
    public ImmutableArray<DimSymbol> Dims { get; }

    /// <summary>The question with numbers for dimensions.</summary>
    public Question WithDims(IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var renamed = new Dictionary<IndexSymbol, IndexSymbol>();
        foreach (var index in Scope)
            renamed[index] = new IndexSymbol(index.Name, index.IsReduction, index.Span) { Start = Change(index.Start), End = Change(index.End) };
        var question = new Question([.. Assumptions.Select(Change)], [.. Scope.Select(i => renamed[i])], Change(Condition));
        foreach (var (old, index) in renamed) question._origins[index] = old;
        question._fixed = dims;
        return question;

        Term Change(Term term) => Terms.Substitute(term,
            d => dims.TryGetValue(d, out long size) ? ConstTerm.Int(size) : null,
            i => renamed.TryGetValue(i, out var index) ? new IndexTerm(index) : null);
    }

    /// <summary>A point of this question as one of the question that it came from.</summary>
    public Point Restore(Point point) => new(
        point.Dims.Concat(_fixed).ToDictionary(),
        point.Indices.ToDictionary(i => _origins.GetValueOrDefault(i.Key, i.Key), i => i.Value));

    /// <summary>The refutation that a point is; null when it does not break the condition as written, or that cannot be told.</summary>
    public ProofResult? Refutation(Point point)
    {
        var (dims, indices) = point;
        foreach (var d in Dims)
            if (!dims.TryGetValue(d, out long size) || size < 0) return null;
        foreach (var i in Scope)
            if (!indices.TryGetValue(i, out long value) || !(Terms.Evaluate(i.Start, dims, indices) <= value) || !(value < Terms.Evaluate(i.End, dims, indices)))
                return null;
        foreach (var assumption in Assumptions)
            if (Terms.Decide(assumption, dims, indices) != true) return null;
        return Terms.Decide(Condition, dims, indices) == false
            ? new(Verdict.Refuted, [.. Dims.Select(d => (d.Name, dims[d])), .. Scope.Select(i => (i.Name, indices[i]))])
            : null;
    }
}
