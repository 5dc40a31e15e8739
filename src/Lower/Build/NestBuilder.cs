using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>From a typed program to its plain nest: every stage at root, loops in the order of the text, nothing marked.</summary>
public static class NestBuilder
{
    /// <summary>Builds a module of level <see cref="LoopLevel.Scheduled"/> with one function.</summary>
    /// <param name="op">Bound and checked.</param>
    /// <param name="dims">Sizes of dimensions; one that is not listed stays a variable.</param>
    /// <exception cref="DiagnosticException">The operator uses what is not supported yet (TX3xxx).</exception>
    public static LoopModule Build(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims = null)
    {
        var unsupported = UnsupportedFeatures.Find(op);
        if (!unsupported.IsEmpty) throw new DiagnosticException(unsupported);
        var program = new ProgramScope(op, dims);
        var nests = ImmutableArray.CreateBuilder<Stmt>(op.Stages.Length);
        foreach (var stage in op.Stages)
        {
            var builder = new StageBuilder(program, stage.Name, nests);
            try
            {
                foreach (var equation in stage.Equations) builder.Add(equation);
            }
            catch (InsufficientExecutionStackException)
            {
                throw new DiagnosticException(LowerDiagnostics.ExpressionTooDeep, stage.Equations[0].Span, stage.Name);
            }
        }
        return new([new()
        {
            Name = op.Name, Parameters = program.Parameters, Dims = program.FreeDims, Temporaries = program.Temporaries, Messages = program.Messages,
            Body = Block.Of(nests),
        }], LoopLevel.Scheduled);
    }
}
