using System.Collections.Immutable;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>Something that must hold of the sizes of a call.</summary>
/// <param name="Step">Of the size program: not 0 where it holds.</param>
/// <param name="Text">The refusal, in words.</param>
public sealed record SizeCondition(int Step, string Text);

/// <summary>A public entry point of a library: what a call must keep to, and what its kernel needs.</summary>
/// <param name="Symbol">Of the entry; that which tells the bytes of the arena is this and <c>_arena</c>.</param>
/// <param name="Arguments">Names of the parameters that C admits, one for each.</param>
/// <param name="Sizes">Null: all sizes are known.</param>
/// <param name="Conditions">Over the dimensions of <paramref name="Sizes"/>.</param>
/// <param name="SharedBytes">Of the arena, beside <see cref="SymbolicSizes.Slots"/>.</param>
/// <param name="WorkerBytes">For each worker, beside the slots.</param>
/// <param name="MaxBytes">No tensor and no arena is larger.</param>
internal sealed record EntryPlan(
    string Symbol, ImmutableArray<KernelParameter> Parameters, ImmutableArray<string> Arguments, SymbolicSizes? Sizes, ImmutableArray<SizeCondition> Conditions,
    long SharedBytes, long WorkerBytes, long MaxBytes)
{
    public const int ArenaAlignment = 64;

    /// <summary>Only then does a call look for a launcher.</summary>
    public bool IsParallel { get; init; }

    /// <summary>A tensor with more elements is refused.</summary>
    public long MaxElements { get; init; } = long.MaxValue;

    /// <summary>The arena begins with the offsets of its slots.</summary>
    public bool HasTable { get; init; } = true;
}

/// <summary>What an entry computes before it calls its kernel.</summary>
/// <param name="Statements">The checks, in order.</param>
/// <param name="Dims">The sizes of the kernel's dimensions.</param>
/// <param name="Table">What the arena begins with.</param>
/// <param name="ArenaBytes">Of the whole arena.</param>
internal sealed record EntryChecks(ImmutableArray<EntryStatement> Statements, ImmutableArray<EntryExpr> Dims, ImmutableArray<EntryExpr> Table, EntryExpr ArenaBytes);
