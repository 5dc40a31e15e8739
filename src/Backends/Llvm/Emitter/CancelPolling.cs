using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>How often a kernel looks whether its call is cancelled: at least once in <see cref="MaxOperations"/>, which take some 10 to 100 ms.</summary>
internal static class CancelPolling
{
    public const double MaxOperations = 1 << 24;

    /// <summary>An upper bound of the operations of a statement; infinite where a loop's extent is not known.</summary>
    public static double Work(Stmt s)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return s switch
        {
            Block b => b.Statements.Sum(Work),
            For f => Extent(f.Extent) is var n && n == 0 ? 0 : n * (1 + Work(f.Body)),
            If i => 1 + Work(i.Then) + (i.Else is null ? 0 : Work(i.Else)),
            LetStmt l => Count(l.Value) + Work(l.Body),
            Allocate a => Work(a.Body),
            Store t => 1 + Count(t.Value),
            Check c => 1 + Count(c.Condition),
            _ => 1,
        };
    }

    // A piece of a loop, min(c, n - i * c), is no longer than c.
    private static double Extent(Expr extent) => extent switch
    {
        IntImm n => Math.Max(0, n.Value),
        Binary { Op: BinaryOp.Min } m => Math.Min(Extent(m.Left), Extent(m.Right)),
        _ => double.PositiveInfinity,
    };

    /// <summary>Operations of an expression, each that is shared counted once.</summary>
    public static int Count(Expr e)
    {
        var nodes = new NodeCounter();
        nodes.Visit(e);
        return nodes.Count;
    }

    private sealed class NodeCounter : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public int Count => _seen.Count;

        public override void Visit(Expr e)
        {
            if (e is not (IntImm or FloatImm or Var) && _seen.Add(e)) base.Visit(e);
        }
    }
}
