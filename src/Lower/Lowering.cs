using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower;

/// <summary>The module as it was after each pass, for printing; the first entry is the input under the name <c>scheduled</c>.</summary>
public sealed record PassTrace(ImmutableArray<(string Pass, LoopModule Module)> Steps)
{
    /// <summary>What the last pass gave.</summary>
    public LoopModule Final => Steps[^1].Module;

    /// <summary>The steps that changed something.</summary>
    public IEnumerable<(string Pass, LoopModule Module)> Changes =>
        Steps.Where((step, i) => i == 0 || !ReferenceEquals(step.Module, Steps[i - 1].Module));
}

public static class Lowering
{
    /// <summary>Lowers a module to what a backend emits.</summary>
    public static LoopModule Lower(LoopModule module, CpuTarget target) => Pipeline.Run(module, target);

    /// <summary>Lowers a module and keeps every step.</summary>
    public static PassTrace Trace(LoopModule module, CpuTarget target)
    {
        var steps = ImmutableArray.CreateBuilder<(string, LoopModule)>();
        steps.Add(("scheduled", module));
        Pipeline.Run(module, target, (pass, result) => steps.Add((pass.Name, result)));
        return new(steps.ToImmutable());
    }
}
