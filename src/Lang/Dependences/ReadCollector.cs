using System.Collections.Immutable;
using Tx.Lang.Program;

namespace Tx.Lang.Dependences;

/// <summary>A read with the indices that it stands under and the conditions on its path.</summary>
internal sealed record PlacedRead(ReadTerm Read, ImmutableArray<IndexSymbol> Scope, ImmutableArray<Term> Path);

/// <summary>Finds the reads of an equation, those of its subscripts among them.</summary>
internal sealed class ReadCollector : PathWalker
{
    private readonly Func<TensorSymbol, bool> _isWanted;
    private readonly List<PlacedRead> _reads = [];

    private ReadCollector(Equation equation, Func<TensorSymbol, bool> isWanted)
    {
        (_isWanted, Scope) = (isWanted, equation.Indices);
        foreach (var target in equation.Targets)
            foreach (var index in target.Indices) Visit(index);
        Visit(equation.Value);
    }

    public static IReadOnlyList<PlacedRead> Find(Equation equation, Func<TensorSymbol, bool> isWanted) => new ReadCollector(equation, isWanted)._reads;

    protected override void VisitRead(ReadTerm read)
    {
        foreach (var index in read.Indices) Visit(index);
        if (read.Default is not null) Visit(read.Default);
        if (_isWanted(read.Tensor)) _reads.Add(new(read, Scope, Path));
    }
}
