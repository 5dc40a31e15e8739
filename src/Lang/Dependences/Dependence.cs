using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;

namespace Tx.Lang.Dependences;

/// <summary>Points of <paramref name="To"/> read elements that points of <paramref name="From"/> compute.</summary>
/// <param name="Scope">The indices of the read.</param>
/// <param name="Assumptions">Where the read meets such an element.</param>
/// <param name="Source">The indices of the writing point, over the scope; those that are not determined are missing.</param>
internal sealed record Dependence(
    Equation From, Equation To, ReadTerm Read, ImmutableArray<IndexSymbol> Scope, ImmutableArray<Term> Assumptions, IReadOnlyDictionary<IndexSymbol, Term> Source)
{
    /// <summary>The dependences between equations of one stage, without those that no point has.</summary>
    public static List<Dependence> Find(IReadOnlyList<Equation> equations, IProver prover, ImmutableArray<Term> requires)
    {
        var tensors = equations.SelectMany(e => e.Targets).Select(t => t.Tensor).ToHashSet();
        var found = new List<Dependence>();
        foreach (var reader in equations)
            foreach (var (read, scope, path) in ReadCollector.Find(reader, tensors.Contains))
            {
                ImmutableArray<Term?> element = [.. read.Indices.Select(i => TermMeasure.ReadsData(i) ? null : i)];
                foreach (var writer in equations)
                    foreach (var target in writer.Targets)
                    {
                        if (target.Tensor != read.Tensor) continue;
                        // The writer's own indices would be mistaken for the reader's where both are one equation.
                        var (other, renamed) = Renamed(writer);
                        var point = WritingPoint.Of(other, other.Targets[writer.Targets.IndexOf(target)], element);
                        var source = renamed.Where(r => point.Values.ContainsKey(r.Value)).ToDictionary(r => r.Key, r => point.Values[r.Value]);
                        var dependence = new Dependence(writer, reader, read, scope, [.. OperatorChecker.DataFree(path), .. point.Conditions], source);
                        if (!dependence.IsEmpty(prover, requires)) found.Add(dependence);
                    }
            }
        return found;
    }

    /// <summary>True where it is proved that no point has it.</summary>
    public bool IsEmpty(IProver prover, ImmutableArray<Term> requires) =>
        prover.Prove([.. requires, .. Assumptions], Scope, Terms.False).Verdict is Verdict.Proved;

    private static (Equation, Dictionary<IndexSymbol, IndexSymbol>) Renamed(Equation e)
    {
        var fresh = new Dictionary<IndexSymbol, IndexSymbol>();
        foreach (var index in e.Indices)
            fresh.Add(index, new IndexSymbol(index.Name, index.IsReduction, index.Span) { Start = Change(index.Start), End = Change(index.End) });
        return (e with
        {
            Targets = [.. e.Targets.Select(t => t with { Indices = [.. t.Indices.Select(Change)] })],
            Indices = [.. e.Indices.Select(i => fresh[i])],
        }, fresh);

        Term Change(Term t) => Terms.Substitute(t, null, i => fresh.TryGetValue(i, out var r) ? new IndexTerm(r) : null);
    }
}
