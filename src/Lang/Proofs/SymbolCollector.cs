using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>The dimensions and indices that terms mention, each once; an index brings those of its range, before itself.</summary>
internal sealed class SymbolCollector : TermRewriter
{
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    public List<DimSymbol> Dims { get; } = [];
    public List<IndexSymbol> Indices { get; } = [];
    /// <summary>True when an element of a tensor was met.</summary>
    public bool HasData { get; private set; }

    public void VisitRange(IndexSymbol index)
    {
        if (!_seen.Add(index)) return;
        Visit(index.Start);
        Visit(index.End);
        Indices.Add(index);
    }

    protected override Term VisitDim(DimTerm d)
    {
        if (_seen.Add(d.Dim)) Dims.Add(d.Dim);
        return d;
    }

    protected override Term VisitIndex(IndexTerm i)
    {
        VisitRange(i.Index);
        return i;
    }

    protected override Term VisitRead(ReadTerm r)
    {
        HasData = true;
        return base.VisitRead(r);
    }
}
