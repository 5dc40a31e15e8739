using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Instructions;

/// <summary>Makes the call of an instruction on the tiles of a match: its declared loops, and what it emits with its operands as vectors.</summary>
internal static class InstructionEmitter
{
    // The loops are copied, so that their names stay with what they were.
    public static InstructionCall Call(InstructionMatch match, ImmutableArray<For> loops, BinaryOp? combines, Origin? origin)
    {
        Stmt body = match.Store(combines, origin);
        foreach (var f in loops.Reverse()) body = new For(f.Variable, Expr.Index(0), Expr.Index(match.ExtentOf(f.Variable)), LoopKind.Serial, body, null, f.Origin);
        var instruction = match.Pattern.Instruction;
        return new InstructionCall(instruction.Name, Emission(match, instruction.Emission), new Instantiate([]).Visit(body), origin) { CEmission = Emission(match, instruction.CEmission) };
    }

    private static InstructionEmission? Emission(InstructionMatch match, ImmutableArray<EmitOperation> operations)
    {
        var instruction = match.Pattern.Instruction;
        return operations.IsEmpty ? null
            : new([.. operations.Select(o => Operation(match, o, operations))], instruction.Features, match.Tiles[instruction.Written].Buffer, match.Vector(instruction.Written));
    }

    private static EmittedOperation Operation(InstructionMatch match, EmitOperation o, ImmutableArray<EmitOperation> all) =>
        new(o.Kind, o.Text, [.. o.Arguments.Select(a => Argument(match, a, all))], new(o.Type, o.Lanes), o.Tied) { Span = o.Span };

    private static InstructionArgument Argument(InstructionMatch match, EmitArgument a, ImmutableArray<EmitOperation> all)
    {
        var value = a.Operand is { } operand ? new Load(match.Tiles[operand].Buffer, match.Vector(operand)) : null;
        var earlier = a.Earlier is { } n ? all[n] : null;
        IrType source = value?.Type ?? (earlier is not null ? new(earlier.Type, earlier.Lanes) : new(a.Constant!.Type, a.Constant.Lanes.Length));
        return new(value, a.Earlier ?? -1, a.Constant?.Lanes ?? [], source, a.Bits is var (type, lanes) ? new IrType(type, lanes) : null, a.Lanes);
    }
}
