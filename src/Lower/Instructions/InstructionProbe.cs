using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Instructions;

/// <summary>A function that does one instruction once. Its inputs are the operands that are read in the order of the declaration, then, where the instruction combines, what the written
/// operand holds before; its output is that operand.</summary>
public static class InstructionProbe
{
    /// <summary>Null where an operand is not read, so that it has no place.</summary>
    public static LoopModule? Of(Instruction instruction)
    {
        var pattern = InstructionPattern.Of(instruction);
        var reads = new Reads();
        reads.Visit(pattern.Value);
        var places = reads.Found.ToDictionary(l => pattern.Operands[l.Buffer], l => Place(l, pattern.Operands[l.Buffer]));
        var result = pattern.Operands.First(p => p.Value == instruction.Written).Key;
        places[instruction.Written] = new(result, pattern.Written);
        if (!instruction.Operands.All(places.ContainsKey)) return null;

        var match = new InstructionMatch(pattern, [.. pattern.Indices.Select(i => i.Variable)], places.ToImmutableDictionary());
        var call = InstructionEmitter.Call(match, [.. pattern.Indices.Select(i => new For(i.Variable, Expr.Index(0), Expr.Index(i.Extent), LoopKind.Serial, Block.Empty))], pattern.Combiner, null);
        var body = new List<Stmt>();
        var inputs = instruction.Operands.Where(o => o != instruction.Written).Select(o => places[o].Buffer).ToList();
        if (pattern.Combiner is not null)
        {
            var before = new Buffer("before", result.Type, result.Shape, BufferRole.Input);
            inputs.Add(before);
            body.Add(Copy(before, result));
        }
        body.Add(new Instance("instruction", [], Regions.Read(call), Regions.Written(call), null, call, true));
        return new([new LoopFunction { Name = "probe", Parameters = [.. inputs, result], Dims = [], Temporaries = [], Body = Block.Of(body) }], LoopLevel.Scheduled);
    }

    private static Tile Place(Load l, TensorSymbol operand) =>
        l.Indices is [.. var before, not Var] ? new(l.Buffer, [.. before, Expr.Index(0)]) { Table = (before.Length, ((ConstTerm)operand.Shape[^1]).Value.Integer) } : new(l.Buffer, l.Indices);

    private static Stmt Copy(Buffer from, Buffer to)
    {
        ImmutableArray<Var> loops = [.. to.Shape.Select((_, d) => Var.Index($"d{d}"))];
        ImmutableArray<IterVar> iterations = [.. loops.Select((v, d) => new IterVar(Var.Index("v" + v.Name), Expr.Index(0), to.Shape[d], IterKind.Spatial, v))];
        ImmutableArray<Expr> at = [.. iterations.Select(i => (Expr)i.Variable)];
        var store = new Store(to, at, new Load(from, at));
        Stmt copy = new Instance("before", iterations, Regions.Read(store), Regions.Written(store), null, store, true);
        for (int d = loops.Length - 1; d >= 0; d--) copy = new For(loops[d], Expr.Index(0), to.Shape[d], LoopKind.Serial, copy);
        return copy;
    }

    private sealed class Reads : Walker
    {
        public List<Load> Found { get; } = [];

        public override void Visit(Expr e)
        {
            if (e is Load l && !Found.Exists(x => ReferenceEquals(x.Buffer, l.Buffer))) Found.Add(l);
            base.Visit(e);
        }
    }
}
