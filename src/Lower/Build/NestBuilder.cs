using System.Collections.Immutable;
using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>From a typed program to its plain nest: every equation at root or inside the loops that carry its stage, loops in the order of
/// the text, nothing marked.</summary>
public static class NestBuilder
{
    /// <summary>Builds a module of level <see cref="LoopLevel.Scheduled"/> with one function.</summary>
    /// <param name="op">Bound and checked.</param>
    /// <param name="dims">Sizes of dimensions; one that is not listed stays a variable.</param>
    /// <param name="keepsEmptyLoops">For a schedule, which may name the loops of a reduction over an empty range; otherwise its identity is the result.</param>
    public static LoopModule Build(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims = null, bool keepsEmptyLoops = false)
    {
        var program = new ProgramScope(op, dims, keepsEmptyLoops);
        var nests = ImmutableArray.CreateBuilder<Stmt>(op.Stages.Length);
        foreach (var stage in op.Stages) new StageBuilder(program, stage, nests).Build();
        return new([PackedParameters.Lower(new()
        {
            Name = op.Name, Parameters = program.Parameters, Dims = program.FreeDims, Temporaries = program.Temporaries, Messages = program.Messages,
            Body = Block.Of(nests),
        })], LoopLevel.Scheduled);
    }
}
