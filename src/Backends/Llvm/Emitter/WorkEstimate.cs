using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Backends.Llvm;

/// <summary>A rough count of the operations of a loop's body, to choose how many iterations make a chunk worth handing to a worker.</summary>
internal static class WorkEstimate
{
    // A chunk of this many operations takes about ten microseconds; handing one out, well under one.
    private const long ChunkOperations = 32768;
    private const long UnknownExtent = 16;

    /// <summary>Iterations in the smallest chunk of a parallel loop; computed where it is launched, from the sizes of dimensions and what else is known there.</summary>
    public static Expr Grain(For f)
    {
        var inside = new HashSet<Var> { f.Variable };
        var work = Simplifier.Simplify(Expr.Max(Expr.Index(1), Of(f.Body, inside)));
        return Expr.Min(Expr.Index(ChunkOperations), Expr.CeilDiv(Expr.Index(ChunkOperations), work));
    }

    // Never above the chunk: more is not asked for, and products stay small.
    private static Expr Of(Stmt s, HashSet<Var> inside)
    {
        switch (s)
        {
            case Block b: return b.Statements.Aggregate(Expr.Index(0), (sum, x) => Limited(sum + Of(x, inside)));
            case For f:
                var extent = Extent(f.Extent, inside);
                inside.Add(f.Variable);
                return Limited(extent * (1 + Of(f.Body, inside)));
            case If i: return Limited(1 + Of(i.Then, inside) + (i.Else is null ? Expr.Index(0) : Of(i.Else, inside)));
            case LetStmt l:
                inside.Add(l.Variable);
                return Limited(CancelPolling.Count(l.Value) + Of(l.Body, inside));
            case Allocate a: return Of(a.Body, inside);
            case Store t: return Expr.Index(1 + CancelPolling.Count(t.Value));
            case Check c: return Expr.Index(1 + CancelPolling.Count(c.Condition));
            default: return Expr.Index(1);
        }
    }

    private static Expr Limited(Expr work) => Expr.Min(Expr.Index(ChunkOperations), work);

    // A piece of a loop, min(c, n - i * c), is longest where i is 0; what depends on data or on a loop of another form is guessed.
    private static Expr Extent(Expr extent, HashSet<Var> inside)
    {
        if (extent is IntImm) return Limited(extent);
        if (extent.UsesAny(inside.Contains)) extent = Simplifier.Simplify(extent.Substitute(inside.ToDictionary(v => v, _ => Expr.Index(0))));
        bool isKnown = extent is not IntImm { Value: <= 1 } && extent.BuffersRead().IsEmpty;
        return isKnown ? Limited(Expr.Max(Expr.Index(0), extent)) : Expr.Index(UnknownExtent);
    }
}
