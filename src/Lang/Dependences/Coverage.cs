using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Dependences;

/// <summary>What must hold for the equations of a tensor to define each element once.</summary>
internal static class Coverage
{
    /// <summary>Symbols for an element of a tensor, named after the indices of its first equation where that has one of its own.</summary>
    public static ImmutableArray<IndexSymbol> Element(TensorSymbol tensor, Target first)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return [.. tensor.Shape.Select((extent, d) => new IndexSymbol(
            first.Indices[d] is IndexTerm i && names.Add(i.Index.Name) ? i.Index.Name : $"_{d}", false, tensor.Span) { End = extent })];
    }

    /// <summary>True where an equation defines the whole tensor by its form: plain indices, each over a whole dimension.</summary>
    public static bool IsWhole(Target target) =>
        target.Indices.Distinct().Count() == target.Indices.Length
        && target.Indices.OfType<IndexTerm>().Select(i => i.Index).Distinct().Count() == target.Indices.Length
        && target.Indices.Select((t, d) => (((IndexTerm)t).Index, target.Tensor.Shape[d])).All(x =>
            AffineForm.Of(x.Index.Start).Equals(AffineForm.Zero) && AffineForm.Of(x.Index.End).Equals(AffineForm.Of(x.Item2)));

    /// <summary>Where an equation writes the element; null where that cannot be said.</summary>
    public static Term? Writes(Equation equation, Target target, ImmutableArray<IndexSymbol> element)
    {
        var point = WritingPoint.Of(equation, target, [.. element.Select(Term? (i) => new IndexTerm(i))]);
        return point.IsExact ? point.Condition : null;
    }
}
