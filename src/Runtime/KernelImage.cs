using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>A parameter of a kernel as its caller must pass it.</summary>
/// <param name="Shape">Extents; null for one that follows from the sizes of a call.</param>
public sealed record KernelParameter(string Name, ElementType Type, ImmutableArray<long?> Shape, bool IsOutput)
{
    /// <summary>What its address must be a multiple of, in bytes: of one that is written past the caches more than of its elements.</summary>
    public int Alignment { get; init; } = Type.Bytes;
}

/// <summary>The text of a failing check: a composite format over the values in <see cref="TxError"/>.</summary>
public sealed record KernelMessage(string Code, string Format, SourceSpan? Span, string Help = "");

/// <summary>A step of a schedule, and why it is right.</summary>
/// <param name="Step">As it could have been written: <c>(io, ii) = C.i.split(8)</c>.</param>
/// <param name="Tier"><c>proved</c>, <c>checked</c> or <c>tested</c>.</param>
public sealed record StepEvidence(string Step, string Tier, string Argument);

/// <summary>What a backend gives and the runtime loads: object code with its entry point and what a call needs. It knows nothing of the compiler.</summary>
/// <param name="Entry">The symbol with the signature of <see cref="TxCall"/>.</param>
/// <param name="Object">A relocatable object (ELF).</param>
/// <param name="WorkspaceBytes">Shared by the call's nests.</param>
/// <param name="WorkerBytes">Scratch for each worker of a parallel loop; it lies behind the shared part: total = WorkspaceBytes + MaxWorkers * WorkerBytes.</param>
public sealed record KernelImage(
    string Name, string Entry, ImmutableArray<byte> Object, ImmutableArray<KernelParameter> Parameters,
    long WorkspaceBytes, long WorkerBytes, ImmutableArray<KernelMessage> Messages)
{
    /// <summary>Null: all sizes are known.</summary>
    public SymbolicSizes? Symbolic { get; init; }
    /// <summary>The steps of the schedule that the kernel was made by, in order; empty for the default schedule.</summary>
    public ImmutableArray<StepEvidence> Evidence { get; init; } = [];
}
