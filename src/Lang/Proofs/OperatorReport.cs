using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>A condition that is not decided for all sizes, and is proved when the operator is specialised.</summary>
/// <param name="Read">The read whose bounds are in question, if it is one.</param>
public sealed record Deferred(Obligation Obligation, ReadTerm? Read, int Dimension);

/// <summary>What is known of an operator for all sizes that it admits.</summary>
/// <param name="ProvedCount">Conditions that hold.</param>
public sealed record OperatorReport(Operator Operator, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<Deferred> Deferred, int ProvedCount);
