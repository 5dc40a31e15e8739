using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// parallel for i { Y[i] = S }   →   parallel for i { Y[i] = S (streamed); fence }
/// </code>
/// Stores past the caches. Every agent that stores ends with a fence, so that the others see what it wrote. It changes no value; it pays where the
/// buffer is larger than the caches and not read soon.
/// </summary>
public static class Stream
{
    public static Stmt Apply(Stmt nest, string instance, Buffer buffer)
    {
        var streamed = NestPath.ReplaceInstance(nest, instance, i => i.With(body: new StoreMarker(buffer).Visit(i.Body)));
        if (ReferenceEquals(NestPath.FindInstance(streamed, instance).Body, NestPath.FindInstance(nest, instance).Body))
            throw new CompilerBugException("stream", $"{instance} does not write {buffer.Name}");
        var fence = new Effect(EffectKind.Fence, buffer.Name, [], []);
        var parallel = NestPath.LoopsAround(streamed, instance).FirstOrDefault(l => l.Kind is LoopKind.Parallel);
        return parallel is null ? Block.Of([streamed, fence])
            : NestPath.ReplaceLoop(streamed, parallel.Variable, l => l.WithBody(Block.Of([l.Body, fence])));
    }

    private sealed class StoreMarker(Buffer buffer) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitStore(Store s) =>
            ReferenceEquals(s.Buffer, buffer) ? new Store(s.Buffer, s.Indices, s.Value, s.Predicate, nonTemporal: true, s.Origin) : s;
    }
}
