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
        var agents = NestPath.LoopsAround(streamed, instance).LastOrDefault(l => IsFork(l.Kind));
        return agents is null ? Fenced(streamed) : NestPath.ReplaceLoop(streamed, agents.Variable, l => l.WithBody(Fenced(l.Body)));
    }

    /// <summary>Each iteration is an agent of its own.</summary>
    internal static bool IsFork(LoopKind kind) => kind is LoopKind.Parallel or LoopKind.Bound or LoopKind.Virtual;

    /// <summary>Ends with a fence for each buffer that is stored past the caches here, and not by an agent that this starts.</summary>
    internal static Stmt Fenced(Stmt body)
    {
        var stores = new Streamed();
        stores.Visit(body);
        return stores.Buffers.Count == 0 ? body : Block.Of([body, .. stores.Buffers.Except(Last(body)).Select(b => new Effect(EffectKind.Fence, b, [], []))]);
    }

    private static IEnumerable<string> Last(Stmt s) => s switch
    {
        Block b => b.Statements.Reverse().TakeWhile(x => x is Effect { Kind: EffectKind.Fence }).Select(x => ((Effect)x).Name),
        Effect { Kind: EffectKind.Fence } x => [x.Name],
        _ => [],
    };

    private sealed class Streamed : Walker
    {
        public List<string> Buffers { get; } = [];

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Store { NonTemporal: true, Buffer.Name: var name } && !Buffers.Contains(name)) Buffers.Add(name);
            if (s is not For { Kind: var kind } || !IsFork(kind)) base.Visit(s);
        }
    }

    private sealed class StoreMarker(Buffer buffer) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitStore(Store s) =>
            ReferenceEquals(s.Buffer, buffer) ? new Store(s.Buffer, s.Indices, s.Value, s.Predicate, nonTemporal: true, s.Origin) : s;
    }
}
