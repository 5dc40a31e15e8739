using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>A rough count of the operations of a loop's body, to choose how many iterations make a chunk worth handing to a worker.</summary>
internal static class WorkEstimate
{
    // A chunk of this many operations takes about ten microseconds; handing one out, well under one.
    private const double ChunkOperations = 32768;
    private const double UnknownExtent = 16;

    /// <summary>Iterations in the smallest chunk of a parallel loop.</summary>
    public static long Grain(Stmt body) => (long)Math.Clamp(Math.Ceiling(ChunkOperations / Math.Max(1, Of(body))), 1, ChunkOperations);

    private static double Of(Stmt s) => s switch
    {
        Block b => b.Statements.Sum(Of),
        For f => (f.Extent is IntImm n ? n.Value : UnknownExtent) * (1 + Of(f.Body)),
        If i => 1 + Of(i.Then) + (i.Else is null ? 0 : Of(i.Else)),
        LetStmt l => Count(l.Value) + Of(l.Body),
        Allocate a => Of(a.Body),
        Store t => 1 + Count(t.Value),
        Check c => 1 + Count(c.Condition),
        _ => 1,
    };

    private static double Count(Expr e)
    {
        var walk = new Counter();
        walk.Visit(e);
        return walk.Nodes;
    }

    private sealed class Counter : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public int Nodes => _seen.Count;

        public override void Visit(Expr e)
        {
            if (e is not (IntImm or FloatImm or Var) && _seen.Add(e)) base.Visit(e);
        }
    }
}
