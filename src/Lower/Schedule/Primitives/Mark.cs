using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { S }   →   parallel for i { S }     (vectorized, unrolled)
/// </code>
/// A mark says how a loop runs; a pass expands it later. <c>Vectorized</c> needs an innermost loop of constant extent that no reduction runs over;
/// <c>Unrolled</c> a constant extent; <c>Parallel</c> a loop whose iterations write different elements.
/// </summary>
public static class Mark
{
    public static Stmt Apply(Stmt nest, Var loop, LoopKind kind) => NestPath.ReplaceLoop(nest, loop, f =>
    {
        if (f.Kind is not LoopKind.Serial) throw new CompilerBugException("mark", $"{loop.Name} is marked {f.Kind} already");
        if (kind is LoopKind.Vectorized or LoopKind.Unrolled && f.Extent is not IntImm) throw new CompilerBugException("mark", $"the extent of {loop.Name} is not constant");
        return Marked(f, kind);
    });

    /// <summary>A loop whose iterations are agents ends each of them with a fence where it stores past the caches.</summary>
    internal static For Marked(For f, LoopKind kind, string? axis = null) =>
        new(f.Variable, f.Min, f.Extent, kind, Stream.IsFork(kind) ? Stream.Fenced(f.Body) : f.Body, axis ?? f.Axis, f.Origin);

    public static Stmt Parallel(Stmt nest, Var loop) => Apply(nest, loop, LoopKind.Parallel);
    public static Stmt Vectorize(Stmt nest, Var loop) => Apply(nest, loop, LoopKind.Vectorized);
    public static Stmt Unroll(Stmt nest, Var loop) => Apply(nest, loop, LoopKind.Unrolled);
}
