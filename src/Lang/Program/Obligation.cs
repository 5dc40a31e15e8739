using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Program;

public enum Verdict
{
    Proved,
    /// <summary>There are sizes and indices that break it: the witness.</summary>
    Refuted,
    /// <summary>Not decided (not affine, or the quota was used up): decided again when the kernel is specialised.</summary>
    Unknown,
}

/// <summary>An answer, with names and values that break the condition when it was refuted.</summary>
public sealed record ProofResult(Verdict Verdict, ImmutableArray<(string Name, long Value)> Witness)
{
    public static readonly ProofResult Proved = new(Verdict.Proved, []);
    public static readonly ProofResult Unknown = new(Verdict.Unknown, []);
}

/// <summary>Decides conditions over dimensions (all ≥ 0) and indices (in their ranges).</summary>
public interface IProver
{
    /// <summary>Does <paramref name="condition"/> hold for all dimensions and all <paramref name="scope"/> indices under <paramref name="assumptions"/>?</summary>
    ProofResult Prove(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition);
}

/// <summary>Something that an operator owes beyond the bounds of its reads (which the checker finds by itself).</summary>
/// <param name="Descriptor">Reported when it does not hold; formatted with <see cref="Arguments"/>.</param>
/// <param name="Condition">Of type bool, over dimensions and <see cref="Scope"/>.</param>
/// <param name="Scope">Indices it ranges over.</param>
/// <param name="Assumptions">Conditions on the path, beside the operator's <c>require</c>.</param>
/// <param name="Span">The place to blame.</param>
/// <param name="Labels">Second places.</param>
public sealed record Obligation(
    DiagnosticDescriptor Descriptor, ImmutableArray<object?> Arguments, Term Condition, ImmutableArray<IndexSymbol> Scope,
    ImmutableArray<Term> Assumptions, SourceSpan? Span, ImmutableArray<Label> Labels)
{
    /// <summary>The element that a witness names, over dimensions and <see cref="Scope"/>; null where there is none.</summary>
    public ReadTerm? Element { get; init; }
}
