using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..n { for j in 0..m { S(i, j) } }   →   for f in 0..n * m { S(f / m, f % m) }
/// </code>
/// The order of the iterations stays. The loops must be directly nested, and the inner extent must not use the outer variable.
/// </summary>
public static class Fuse
{
    public static (Stmt Nest, Var Fused) Apply(Stmt nest, Var outer, Var inner)
    {
        var fused = Var.Index(outer.Name + inner.Name);
        var result = NestPath.ReplaceLoop(nest, outer, o =>
        {
            if (o.Body is not For i || !ReferenceEquals(i.Variable, inner)) throw new CompilerBugException("fuse", $"{inner.Name} is not directly inside {outer.Name}");
            if (o.Kind is not LoopKind.Serial || i.Kind is not LoopKind.Serial) throw new CompilerBugException("fuse", "a marked loop");
            if (Analysis.Uses.UsesVar(i.Extent, outer) || Analysis.Uses.UsesVar(i.Min, outer)) throw new CompilerBugException("fuse", $"the range of {inner.Name} uses {outer.Name}");
            var body = i.Body.Substitute(new Dictionary<Var, Expr> { [outer] = o.Min + fused / i.Extent, [inner] = i.Min + fused % i.Extent });
            return new For(fused, Expr.Index(0), o.Extent * i.Extent, LoopKind.Serial, body, null, o.Origin);
        });
        return (result, fused);
    }

    /// <summary>Fuses directly nested loops, outermost first, into one.</summary>
    public static (Stmt Nest, Var Fused) All(Stmt nest, IReadOnlyList<Var> loops)
    {
        var fused = loops[0];
        for (int n = 1; n < loops.Count; n++) (nest, fused) = Apply(nest, fused, loops[n]);
        return (nest, fused);
    }
}
