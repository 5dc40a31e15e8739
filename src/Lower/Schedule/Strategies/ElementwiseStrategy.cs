using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using Buffer = Tx.Lower.Ir.Buffer;
using Stream = Tx.Lower.Schedule.Primitives.Stream;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>A stage without a reduction: vectors along the output's last dimension, threads over the rest; large outputs are streamed past the caches.
/// Loops of an update that keep their order stay in it, and threads share only loops outside of those.</summary>
internal static class ElementwiseStrategy
{
    /// <param name="isReadLater">Buffers that the function reads again.</param>
    /// <param name="fixedLoops">Loops, the outermost ones, that stay as they are.</param>
    public static Stmt Apply(Stmt nest, string stage, CpuTarget target, Func<Buffer, bool> isReadLater, int fixedLoops = 0)
    {
        var instance = NestPath.FindInstance(nest, stage);
        var around = NestPath.LoopsAround(nest, stage);
        var loops = NestPath.FreeLoops(instance, around[fixedLoops..]);
        bool isRepeated = loops.Length < around.Length, isOrdered = loops.Any(instance.KeepsOrderOf);
        if (loops.IsEmpty || InstanceFacts.Points(loops) == 0) return nest;
        var facts = InstanceFacts.Of(instance);
        var outer = loops.Select(l => l.Variable).ToList();
        long inner = Math.Max(1, facts.Operations);
        bool streams = false;

        if (VectorLoop(instance, loops, facts) is { } vector)
        {
            int lanes = LanesFor(target.VectorBytes / facts.WidestBytes, NestPath.MaxExtent(NestPath.FindLoop(nest, vector)));
            if (lanes > 1)
            {
                if (!isOrdered)
                {
                    outer = [.. outer.Where(v => !ReferenceEquals(v, vector)), vector];
                    nest = Reorder.Apply(nest, outer);
                }
                (nest, var steps, var lane) = Split.Apply(TailGuard.Apply(nest, vector, lanes, []), vector, lanes);
                outer[outer.IndexOf(vector)] = steps;
                nest = Mark.Vectorize(Reorder.Apply(nest, [.. outer, lane]), lane);
                inner = Math.Max(1, inner * lanes / 4);
                streams = !isRepeated && facts.Stores[0].Buffer is var output && !isReadLater(output) && IsWorthStreaming(output, lanes, target);
            }
        }
        if (isOrdered)
        {
            var chain = NestPath.LoopsAround(nest, stage);
            var shared = outer.TakeWhile(v => !instance.KeepsOrderOf(chain.First(l => ReferenceEquals(l.Variable, v)))).ToList();
            var within = chain.SkipWhile(l => shared.Count > 0 && !ReferenceEquals(l.Variable, shared[^1])).Skip(1);
            inner = (long)Int128.Min((Int128)inner * (InstanceFacts.Points(within.Where(l => outer.Contains(l.Variable))) ?? 64), long.MaxValue / 4);
            outer = shared;
        }
        nest = OuterParallelism.Apply(nest, outer, inner, isRepeated);
        return streams ? Stream.Apply(nest, stage, facts.Stores[0].Buffer) : nest;
    }

    // Larger than what the last cache could keep for a reader, and every row begins at a vector's boundary.
    private static bool IsWorthStreaming(Buffer output, int lanes, CpuTarget target)
    {
        Int128 bytes = output.Type.Bytes;
        foreach (var e in output.Shape)
        {
            if (e is not IntImm { Value: >= 0 and var n }) return false;
            bytes *= n;
            if (bytes > long.MaxValue) return false;
        }
        long row = ((IntImm)output.Shape[^1]).Value * output.Type.Bytes;
        return bytes > target.L3Bytes / 2 && lanes * output.Type.Bytes % 16 == 0 && (output.Shape.Length == 1 || row % target.VectorBytes == 0);
    }

    /// <summary>As many lanes as fill a register, fewer where the loop is shorter; a power of two.</summary>
    internal static int LanesFor(int full, long? extent)
    {
        int lanes = 1;
        while (lanes < full && (extent is null || lanes < extent)) lanes *= 2;
        return lanes;
    }

    // The loop of the iteration that alone moves the output to its next element; a loop whose range others use stays where it is.
    private static Var? VectorLoop(Instance instance, ImmutableArray<For> loops, InstanceFacts facts)
    {
        if (facts.Stores.Count != 1) return null;
        var iteration = instance.Iterations.FirstOrDefault(it => it.Kind is IterKind.Spatial && AccessStrides.Of(facts.Stores[0].Indices, it.Variable) is AccessStride.Contiguous);
        if (iteration?.Binding is not Var loop || loops.FirstOrDefault(l => ReferenceEquals(l.Variable, loop)) is not { } f) return null;
        // A check that is the same for all lanes stays one check.
        if (facts.CanFailAlong(iteration.Variable)) return null;
        // Gathers do not pay where the loops inside have to stay inside.
        if (loops.Any(instance.KeepsOrderOf) && facts.Loads.Any(l => AccessStrides.Of(l.Indices, iteration.Variable) is AccessStride.Strided)) return null;
        bool isRectangular = loops.All(l => !l.Extent.UsesVar(loop) && !l.Min.UsesVar(loop)) && !loops.Any(l => f.Extent.UsesVar(l.Variable) || f.Min.UsesVar(l.Variable));
        return isRectangular ? loop : null;
    }
}
