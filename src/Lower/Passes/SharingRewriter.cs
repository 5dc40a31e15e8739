using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Rewrites an expression that is shared once, so that a graph with much sharing costs no more than its nodes.</summary>
internal abstract class SharingRewriter : Rewriter
{
    private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

    public override Expr Visit(Expr e)
    {
        if (e is IntImm or FloatImm) return e;
        if (e is Var v) return VisitVar(v);
        if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
        return result;
    }

    /// <summary>To be called when what an expression becomes has changed.</summary>
    protected void Forget() => _done.Clear();
}
