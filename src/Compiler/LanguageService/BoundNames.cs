using Tx.Core;
using Tx.Lang.Program;

namespace Tx.LanguageServices;

/// <summary>Finds the symbols of a bound operator by what the text calls them.</summary>
internal static class BoundNames
{
    public static TensorSymbol? Tensor(Operator op, string name) =>
        op.Parameters.Concat(op.Results).Concat(op.Stages.SelectMany(s => s.Tensors)).FirstOrDefault(t => t.Name == name);

    /// <summary>Every index with its equation, those of reductions among them.</summary>
    public static IEnumerable<(IndexSymbol Index, Equation Equation)> Indices(Operator op)
    {
        foreach (var equation in op.Stages.SelectMany(s => s.Equations))
        {
            foreach (var i in equation.Indices) yield return (i, equation);
            var reductions = new Reductions();
            reductions.Visit(equation.Value);
            foreach (var i in reductions.Found) yield return (i, equation);
        }
    }

    private sealed class Reductions : TermRewriter
    {
        public List<IndexSymbol> Found { get; } = [];

        protected override Term VisitReduce(ReduceTerm r)
        {
            Found.AddRange(r.Indices);
            return base.VisitReduce(r);
        }
    }
}
