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
/// <param name="Emission">What is emitted, one operation after another; the last gives what is written. Empty: the declared loops are emitted.</param>
/// <param name="Span">Its name.</param>
public sealed record Instruction(
    string Name, string Target, ImmutableArray<string> Features, ImmutableArray<TensorSymbol> Operands, TensorSymbol Written, Operator Semantics, BinaryOp? Update,
    ImmutableArray<EmitOperation> Emission, SourceSpan Span)
{
    /// <summary>What stands for it in C, one value after another; the last is what is written. Empty: the declared loops do.</summary>
    public ImmutableArray<EmitOperation> CEmission { get; init; } = [];

    public static long CountOf(TensorSymbol operand) => operand.Shape.Aggregate(1L, (n, e) => n * ((ConstTerm)e).Value.Integer);
}

public enum EmitKind : byte
{
    /// <summary>A call of an LLVM intrinsic.</summary>
    Intrinsic,
    /// <summary>One of LLVM's own operations on vectors: <c>add</c>, <c>zext</c>, <c>shufflevector</c>.</summary>
    Operation,
    /// <summary>Assembly, in which <c>$0</c> is the result and <c>$1</c> the first argument.</summary>
    Assembly,
    /// <summary>An expression of C, in which <c>$1</c> is the first argument.</summary>
    C,
}

/// <summary>One operation on vectors, whose value later ones may use.</summary>
/// <param name="Text">The intrinsic's name, LLVM's word, or assembly.</param>
/// <param name="Tied">For assembly: the argument that lies in the register of the result; -1: none.</param>
/// <param name="Span">The line, for what is found wrong when it is compiled.</param>
public sealed record EmitOperation(EmitKind Kind, string Text, ImmutableArray<EmitArgument> Arguments, ElementType Type, int Lanes, int Tied, SourceSpan Span);

/// <summary>A value, its bits perhaps taken as another type, and perhaps copied into several lanes. One of the first three is there.</summary>
/// <param name="Operand">An operand of the instruction.</param>
/// <param name="Earlier">The number of an earlier operation.</param>
/// <param name="Constant">Numbers, one a lane.</param>
/// <param name="Bits">An element type and a number of lanes.</param>
/// <param name="Lanes">Copies the value into so many lanes; 0: as it is.</param>
public sealed record EmitArgument(TensorSymbol? Operand, int? Earlier, EmitConstant? Constant, (ElementType Type, int Lanes)? Bits, int Lanes);

public sealed record EmitConstant(ElementType Type, ImmutableArray<long> Lanes);
