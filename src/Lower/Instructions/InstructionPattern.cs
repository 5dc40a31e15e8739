using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Instructions;

/// <summary>An index of a declared instruction: it runs over 0 .. <paramref name="Extent"/>.</summary>
internal sealed record PatternIndex(Var Variable, long Extent)
{
    public string Name => Variable.Name[1..];
}

/// <summary>What a declared instruction computes at one point of its indices, as loop IR over buffers of its own.</summary>
/// <param name="Indices">In the order of the declaration.</param>
/// <param name="Combiner">Combines the value with what the written operand holds; null where it replaces it.</param>
internal sealed record InstructionPattern(
    Instruction Instruction, ImmutableArray<PatternIndex> Indices, ImmutableArray<Expr> Written, BinaryOp? Combiner, Expr Value, ImmutableDictionary<Buffer, TensorSymbol> Operands)
{
    public static InstructionPattern Of(Instruction instruction)
    {
        var function = NestBuilder.Build(instruction.Semantics).Functions[0];
        var (instance, store) = Body(function.Body);
        bool reduces = instance.Init is not null;
        var value = reduces ? ((Binary)store.Value).Right : store.Value;
        var names = instruction.Operands.ToDictionary(o => o.Name, StringComparer.Ordinal);
        return new(instruction, [.. instance.Iterations.Select(it => new PatternIndex(it.Variable, ((IntImm)it.End).Value))], store.Indices, instruction.Update, value,
            function.Parameters.ToImmutableDictionary(b => b, b => names[b.Name]));
    }

    public TensorSymbol Target => Instruction.Written;

    /// <summary>For messages: <c>`i` (16), `k` (4)</c>.</summary>
    public string Describe => string.Join(", ", Indices.Select(i => $"`{i.Name}` ({i.Extent})"));

    private static (Instance, Store) Body(Stmt s) => s switch
    {
        For f => Body(f.Body),
        Instance { Body: Store store } i => (i, store),
        _ => throw new CompilerBugException("instruction", "its equation is more than one store"),
    };
}
