using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>From a typed program to its plain nest: every stage at root, loops in the order of the text, nothing marked.</summary>
public static class NestBuilder
{
    /// <summary>Builds a module of level <see cref="LoopLevel.Scheduled"/> with one function.</summary>
    /// <param name="op">Bound and checked: one equation for each tensor, no updates, indices that do not come from data.</param>
    /// <param name="dims">Sizes of dimensions; one that is not listed stays a variable.</param>
    public static LoopModule Build(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims = null)
    {
        var program = new ProgramScope(op, dims);
        var nests = ImmutableArray.CreateBuilder<Stmt>(op.Stages.Length);
        foreach (var stage in op.Stages)
        {
            if (stage.Equations is not [{ Update: null } equation]) throw new CompilerBugException("nest builder", $"{stage.Name} has several equations or an update");
            new StageBuilder(program, stage.Name, nests).Add(equation);
        }
        return new([new()
        {
            Name = op.Name, Parameters = program.Parameters, Dims = program.FreeDims, Temporaries = program.Temporaries, Messages = program.Messages,
            Body = Block.Of(nests),
        }], LoopLevel.Scheduled);
    }
}
