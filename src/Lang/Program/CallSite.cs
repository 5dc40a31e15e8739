using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>A call inside an operator: stages of the callee stand among those of the operator.</summary>
/// <param name="Name">What the stages inside are named through: the first tensor that the call gives, or the callee where it is an argument.</param>
/// <param name="Callee">Bound for the types, ranks and <c>const</c> values of the call.</param>
/// <param name="Dims">The callee's dimensions over those of the operator.</param>
/// <param name="Tensors">The callee's tensors by name, as the operator calls them; a parameter that gets a number is not among them.</param>
public sealed record CallSite(string Name, Operator Callee, ImmutableDictionary<DimSymbol, Term> Dims, ImmutableDictionary<string, string> Tensors, SourceSpan? Span)
{
    /// <summary>The operator's tensors that the call computes, with the callee's names for them.</summary>
    public IEnumerable<KeyValuePair<string, string>> Computed => Tensors.Where(t => !Callee.Parameters.Any(p => p.Name == t.Key));

    /// <summary>The callee's dimensions that are known.</summary>
    /// <param name="dims">Sizes of the operator's dimensions; null: none is known.</param>
    public ImmutableDictionary<DimSymbol, long> SizesFor(IReadOnlyDictionary<DimSymbol, long>? dims)
    {
        var known = ImmutableDictionary.CreateBuilder<DimSymbol, long>();
        foreach (var (dim, extent) in Dims)
            if (Terms.Evaluate(extent, dims) is { } size) known.Add(dim, size);
        return known.ToImmutable();
    }
}
