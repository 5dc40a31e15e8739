using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>Copies terms of a callee into a caller: dimensions become terms, tensors other tensors or (scalars) terms. Reductions get
/// fresh indices, as one callee may be copied twice into one equation.</summary>
internal sealed class TermSubstitution : TermRewriter
{
    public Dictionary<DimSymbol, Term> Dims { get; } = [];
    public Dictionary<TensorSymbol, TensorSymbol> Tensors { get; } = [];
    /// <summary>What a read of a tensor without dimensions is replaced by.</summary>
    public Dictionary<TensorSymbol, Term> Scalars { get; } = [];
    private readonly Dictionary<IndexSymbol, IndexSymbol> _indices = [];

    /// <summary>A copy of an index whose range is over terms of the caller.</summary>
    public IndexSymbol Fresh(IndexSymbol index)
    {
        var fresh = new IndexSymbol(index.Name, index.IsReduction, index.Span) { Pack = index.Pack, Start = Size(index.Start), End = Size(index.End) };
        _indices[index] = fresh;
        return fresh;
    }

    public IndexSymbol Map(IndexSymbol index) => _indices.GetValueOrDefault(index, index);

    /// <summary>A term over dimensions and indices, in its normal form.</summary>
    public Term Size(Term term) => Terms.Simplify(Visit(term));

    public ImmutableArray<Term> Sizes(ImmutableArray<Term> terms) => [.. terms.Select(Size)];

    protected override Term VisitDim(DimTerm d) => Dims.GetValueOrDefault(d.Dim, d);
    protected override Term VisitIndex(IndexTerm i) => _indices.TryGetValue(i.Index, out var index) ? new IndexTerm(index, i.Span) : i;

    protected override Term VisitRead(ReadTerm r) => Scalars.TryGetValue(r.Tensor, out var scalar)
        ? scalar
        : new ReadTerm(Tensors.GetValueOrDefault(r.Tensor, r.Tensor), Sizes(r.Indices), r.Default is { } d ? Visit(d) : null, r.Span);

    protected override Term VisitUnary(UnaryTerm u) =>
        base.VisitUnary(u) is UnaryTerm n && n != u ? Fold.Unary(n.Op, n.Operand, n.Span) : u;

    protected override Term VisitBinary(BinaryTerm b) =>
        base.VisitBinary(b) is BinaryTerm n && n != b ? Fold.Binary(n.Op, n.Left, n.Right, n.Span) : b;

    protected override Term VisitCast(CastTerm c) =>
        base.VisitCast(c) is CastTerm n && n != c ? Fold.Cast(n.Kind, n.Type, n.Operand, n.Span) : c;

    protected override Term VisitSelect(SelectTerm s) =>
        base.VisitSelect(s) is SelectTerm n && n != s ? Fold.Select(n.Condition, n.Then, n.Else, n.Span) : s;

    protected override Term VisitReduce(ReduceTerm r)
    {
        ImmutableArray<IndexSymbol> indices = [.. r.Indices.Select(Fresh)];
        return new ReduceTerm(r.Kind, indices, r.Condition is { } c ? Visit(c) : null, Visit(r.Body), r.IsExact, r.Type, r.Span, r.Reducer);
    }
}
