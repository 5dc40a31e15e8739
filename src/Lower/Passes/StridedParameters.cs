using System.Collections.Immutable;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>The same function for parameters that lie anywhere: their strides become variables, which a call gives. Packed parameters stay contiguous.
/// Nothing is written past the caches: that needs rows that begin where vectors do.</summary>
public static class StridedParameters
{
    /// <param name="module">Before storage is flattened.</param>
    /// <param name="unitRows">Elements that are neighbours in the last dimension are neighbours in memory; the strides of the others are given.</param>
    public static LoopModule Run(LoopModule module, bool unitRows) => module.Map(f => Strided(f, unitRows));

    private static LoopFunction Strided(LoopFunction f, bool unitRows) => new()
    {
        Name = f.Name, Target = f.Target, Parameters = f.Parameters, Dims = f.Dims, Temporaries = f.Temporaries, Messages = f.Messages, Body = new ThroughCaches().Visit(f.Body),
        Strides = [.. f.Parameters.Where(p => p.Packed is null).SelectMany(p => StridesOf(p, unitRows))],
    };

    private sealed class ThroughCaches : Rewriter
    {
        protected override Stmt VisitStore(Store s) =>
            base.VisitStore(s) is var visited && visited is Store { NonTemporal: true } t ? new Store(t.Buffer, t.Indices, t.Value, t.Predicate, nonTemporal: false, t.Origin) : visited;
    }

    private static IEnumerable<(Var, Buffer, int)> StridesOf(Buffer p, bool unitRows) =>
        Enumerable.Range(0, Math.Max(0, p.Shape.Length - (unitRows ? 1 : 0))).Select(d => (Var.Index($"{p.Name}.stride{d}"), p, d));
}
