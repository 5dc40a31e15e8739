using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;

namespace Tx.Lower.Ir;

/// <summary>A declared instruction on tiles of buffers. <paramref name="body"/> is what it computes, as loops over these tiles: every analysis reads it, and it may always run in the place
/// of the call. <paramref name="emission"/> is what a backend writes for it; null where the body is written.</summary>
public sealed class InstructionCall(string name, InstructionEmission? emission, Stmt body, Origin? origin = null)
    : Stmt(HashMix.Of(35, HashMix.Of(name), emission is null ? 0 : HashMix.Of(HashMix.Of(emission.Operations[^1].Text), HashMix.Of(36, emission.Indices)), body.Hash), origin)
{
    public string Name { get; } = name;
    public InstructionEmission? Emission { get; } = emission;
    /// <summary>What stands for it in C; null where it has no form of its own there.</summary>
    public InstructionEmission? CEmission { get; init; }
    public Stmt Body { get; } = body;
}

/// <summary>Operations on vectors, the last of which gives what goes to <paramref name="Target"/> at <paramref name="Indices"/>.</summary>
/// <param name="Features">What the target must have.</param>
public sealed record InstructionEmission(ImmutableArray<EmittedOperation> Operations, ImmutableArray<string> Features, Buffer Target, ImmutableArray<Expr> Indices)
{
    public IrType ResultType => new(Target.Type, Load.LanesOf(Indices));
}

/// <param name="Text">The intrinsic's name, LLVM's word, or assembly in which <c>$0</c> is the result.</param>
/// <param name="Tied">For assembly: the argument that lies in the register of the result; -1: none.</param>
public sealed record EmittedOperation(EmitKind Kind, string Text, ImmutableArray<InstructionArgument> Arguments, IrType Type, int Tied)
{
    /// <summary>The line that declares it.</summary>
    public SourceSpan? Span { get; init; }
}

/// <summary>A value; its bits taken as another type, then copied into several lanes.</summary>
/// <param name="Value">Null: what an earlier operation gave, or numbers.</param>
/// <param name="Earlier">The number of that operation.</param>
/// <param name="Numbers">One a lane.</param>
/// <param name="Source">The type of the value.</param>
/// <param name="Bits">Null: as it is.</param>
/// <param name="Lanes">0: as it is.</param>
public sealed record InstructionArgument(Expr? Value, int Earlier, ImmutableArray<long> Numbers, IrType Source, IrType? Bits, int Lanes)
{
    public IrType Type => (Bits ?? Source) is var type && Lanes > 0 ? type.WithLanes(Lanes) : type;
}
