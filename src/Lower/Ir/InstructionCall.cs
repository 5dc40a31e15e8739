using System.Collections.Immutable;

namespace Tx.Lower.Ir;

/// <summary>A declared instruction on tiles of buffers. <paramref name="body"/> is what it computes, as loops over these tiles: every analysis reads it, and it may always run in the place
/// of the call. <paramref name="emission"/> is what a backend writes for it; null where the body is written.</summary>
public sealed class InstructionCall(string name, InstructionEmission? emission, Stmt body, Origin? origin = null)
    : Stmt(HashMix.Of(35, HashMix.Of(name), emission is null ? 0 : HashMix.Of(HashMix.Of(emission.Function), HashMix.Of(36, emission.Indices)), body.Hash), origin)
{
    public string Name { get; } = name;
    public InstructionEmission? Emission { get; } = emission;
    public Stmt Body { get; } = body;
}

/// <summary>A call of an LLVM intrinsic whose result, a vector, goes to <paramref name="Target"/> at <paramref name="Indices"/>.</summary>
/// <param name="Features">What the target must have.</param>
public sealed record InstructionEmission(string Function, ImmutableArray<string> Features, ImmutableArray<InstructionArgument> Arguments, Buffer Target, ImmutableArray<Expr> Indices)
{
    public IrType ResultType => new(Target.Type, Load.LanesOf(Indices));
}

/// <summary>A value; its bits taken as another type, then copied into several lanes.</summary>
/// <param name="Bits">Null: as it is.</param>
/// <param name="Lanes">0: as it is.</param>
public sealed record InstructionArgument(Expr Value, IrType? Bits, int Lanes)
{
    public IrType Type => (Bits ?? Value.Type) is var type && Lanes > 0 ? type.WithLanes(Lanes) : type;
}
