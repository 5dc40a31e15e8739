using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>The size of code in nodes; a shared expression counts once.</summary>
internal sealed class NodeCount : Walker
{
    private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
    private long _count;

    public static long Of(Stmt s)
    {
        var walk = new NodeCount();
        walk.Visit(s);
        return walk._count;
    }

    public override void Visit(Expr e)
    {
        if (e is IntImm or FloatImm or Var || !_seen.Add(e)) return;
        _count++;
        base.Visit(e);
    }

    public override void Visit(Stmt s)
    {
        _count++;
        base.Visit(s);
    }
}
