using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>What happens where a factor does not divide an extent.</summary>
public enum SplitTail
{
    /// <summary>The inner loop is always whole; points past the end lie outside the instance's domain and are skipped.</summary>
    Guard,
    /// <summary>The last inner loop is shorter.</summary>
    Trim,
}

/// <summary>
/// <code>
/// for i in 0..n { S(i) }   →   for io in 0..ceil_div(n, f) { for ii in 0..f { S(io * f + ii) } }
/// </code>
/// The order of the iterations stays, so it is always legal.
/// </summary>
public static class Split
{
    public static (Stmt Nest, Var Outer, Var Inner) Apply(Stmt nest, Var loop, long factor, SplitTail tail = SplitTail.Guard)
    {
        if (factor < 1) throw new CompilerBugException("split", $"factor {factor}");
        var (outer, inner) = (Var.Index(loop.Name + "o"), Var.Index(loop.Name + "i"));
        var result = NestPath.ReplaceLoop(nest, loop, f =>
        {
            if (f.Kind is not LoopKind.Serial) throw new CompilerBugException("split", $"{loop.Name} is marked {f.Kind}");
            bool divides = f.Extent is IntImm n && n.Value % factor == 0;
            var extent = tail is SplitTail.Guard || divides ? Expr.Index(factor) : Expr.Min(Expr.Index(factor), f.Extent - outer * factor);
            var body = f.Body.Substitute(loop, f.Min + outer * factor + inner);
            return new For(outer, Expr.Index(0), Expr.CeilDiv(f.Extent, factor), LoopKind.Serial, new For(inner, Expr.Index(0), extent, LoopKind.Serial, body, null, f.Origin), null, f.Origin);
        });
        return (result, outer, inner);
    }
}
