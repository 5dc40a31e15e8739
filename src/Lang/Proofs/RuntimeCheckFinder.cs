using System.Collections.Immutable;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Finds what an operator has to check when it runs: indices, divisors and shifts that depend on data, where neither the types of the
/// data nor the conditions around show that all is well.</summary>
public static class RuntimeCheckFinder
{
    /// <param name="stages">Of one operator.</param>
    /// <param name="requires">What holds of its dimensions.</param>
    /// <returns>In the order of the text; each place once.</returns>
    public static ImmutableArray<RuntimeCheck> Find(IEnumerable<Stage> stages, ImmutableArray<Term> requires, IProver prover)
    {
        var checks = new OrderedDictionary<(object, int), RuntimeCheck>();
        foreach (var stage in stages)
            foreach (var equation in stage.Equations)
            {
                var collector = new ClaimCollector(ofData: true);
                collector.Visit(equation);
                foreach (var claim in collector.DataClaims)
                    if (!checks.ContainsKey(KeyOf(claim.Check)) && !IsProved(claim, requires, prover)) checks.Add(KeyOf(claim.Check), claim.Check);
            }
        return [.. checks.Values];
    }

    // One term may stand at several places, on several paths: what one of them needs is checked at all, under the path's condition.
    private static (object, int) KeyOf(RuntimeCheck check) => check switch
    {
        ReadCheck r => (r.Read, r.Dimension),
        WriteCheck w => (w.Target, w.Dimension),
        DivisorCheck d => (d.Division, 0),
        ShiftCheck s => (s.Shift, 0),
        _ => (check, 0),
    };

    private static bool IsProved(DataClaim claim, ImmutableArray<Term> requires, IProver prover)
    {
        var data = new DataAbstraction();
        var condition = data.Condition(claim.Condition);
        ImmutableArray<Term> path = [.. claim.Path.SelectMany(Terms.Conjuncts).Select(data.Condition)];
        return prover.Prove([.. requires, .. path, .. data.Facts], [.. claim.Scope, .. data.Symbols], condition).Verdict is Verdict.Proved;
    }
}
