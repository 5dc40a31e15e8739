using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>Compares sizes under the requirements of an operator: by their normal forms where these differ by a constant, otherwise by proof.</summary>
internal sealed class SizeComparer(IProver prover, ImmutableArray<Term> requires)
{
    private readonly Dictionary<(AffineForm, BinaryOp), ProofResult> _known = [];

    public ProofResult Equal(Term a, Term b) => Decide(BinaryOp.Eq, AffineForm.Of(a), AffineForm.Of(b));
    public Verdict AtMost(AffineForm a, AffineForm b) => Decide(BinaryOp.Le, a, b).Verdict;

    private ProofResult Decide(BinaryOp op, AffineForm a, AffineForm b)
    {
        var difference = a - b;
        if (difference.IsConstant)
            return Terms.Compare(op, difference.Constant.Sign) ? ProofResult.Proved : new(Verdict.Refuted, []);
        if (_known.TryGetValue((difference, op), out var known)) return known;
        var result = a.ToTerm() is { } x && b.ToTerm() is { } y ? prover.Prove(requires, [], new BinaryTerm(op, x, y)) : ProofResult.Unknown;
        _known.Add((difference, op), result);
        return result;
    }

    /// <summary><c>K = 0, K2 = 1</c>; null where there is nothing to show.</summary>
    public static string? Witness(ProofResult result) =>
        result.Witness.IsDefaultOrEmpty ? null : string.Join(", ", result.Witness.Select(w => $"{w.Name} = {w.Value}"));
}
