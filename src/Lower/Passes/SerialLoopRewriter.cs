using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Changes serial loops, the inner ones first, by what conditions in their bodies say of their ranges.</summary>
internal abstract class SerialLoopRewriter : Rewriter
{
    private readonly NonZeroDivisors _divisors = new();

    /// <summary>What stands in the place of a serial loop; null: the loop stays.</summary>
    protected abstract Stmt? Change(For f);

    /// <summary>A bound may be evaluated before its loop, which may run not once: it cannot trap, and reads nothing.</summary>
    protected bool IsSafeOutside(Expr bound) => !_divisors.CanTrap(bound) && bound.BuffersRead().IsEmpty;

    public override Expr Visit(Expr e) => e;

    protected override Stmt VisitFor(For f)
    {
        int mark = _divisors.Mark();
        _divisors.Enter(f);
        var body = Visit(f.Body);
        _divisors.Release(mark);
        if (!ReferenceEquals(body, f.Body)) f = f.With(body);
        return f.Kind is LoopKind.Serial ? Change(f) ?? f : f;
    }
}
