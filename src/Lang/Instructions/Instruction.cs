using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Instructions;

/// <summary>A declared instruction: what it computes, and what it emits.</summary>
/// <param name="Target">Where it runs: <c>cpu</c>.</param>
/// <param name="Features">What the target must have, in LLVM's names.</param>
/// <param name="Operands">All tensors in the order of the declaration, the one that is written among them; shapes are constants.</param>
/// <param name="Semantics">The equation as an operator of its own, whose result is the tensor on the left.</param>
/// <param name="Update">For <c>+=</c> and its kin, what combines the tensor's old value with the equation's; null for <c>=</c>.</param>
/// <param name="Emission">Null: its declared loops are what is emitted.</param>
/// <param name="Span">Its name.</param>
public sealed record Instruction(
    string Name, string Target, ImmutableArray<string> Features, ImmutableArray<TensorSymbol> Operands, TensorSymbol Written, Operator Semantics, BinaryOp? Update,
    InstructionEmit? Emission, SourceSpan Span)
{
    public static long CountOf(TensorSymbol operand) => operand.Shape.Aggregate(1L, (n, e) => n * ((ConstTerm)e).Value.Integer);
}

/// <summary>A call of an LLVM intrinsic whose result is what the instruction writes.</summary>
public sealed record InstructionEmit(string Function, ImmutableArray<EmitArgument> Arguments);

/// <summary>An operand or a constant, its bits perhaps taken as another type, and perhaps in several lanes.</summary>
/// <param name="Operand">Null: <paramref name="Constant"/>.</param>
/// <param name="Bits">An element type and a number of lanes.</param>
/// <param name="Lanes">Copies the value into so many lanes; 0: as it is.</param>
public sealed record EmitArgument(TensorSymbol? Operand, Scalar? Constant, (ElementType Type, int Lanes)? Bits, int Lanes);
