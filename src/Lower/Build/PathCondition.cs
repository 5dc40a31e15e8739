using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>What must hold for a term to be evaluated at all: the conditions of the <c>? :</c>, <c>&amp;&amp;</c>, <c>||</c> and reductions around it,
/// innermost first. The term is kept beside its lowered form because a lifted reduction lowers it again over its own indices.</summary>
/// <param name="Term">Must be true, or false where <paramref name="Holds"/> is false.</param>
/// <param name="All">This condition and those of <paramref name="Parent"/>, over the variables of one nest.</param>
internal sealed record PathCondition(Term Term, bool Holds, Expr All, PathCondition? Parent)
{
    public static PathCondition Extend(PathCondition? parent, Term term, bool holds, Expr lowered)
    {
        var own = holds ? lowered : Expr.Not(lowered);
        return new(term, holds, parent is null ? own : Expr.And(parent.All, own), parent);
    }

    // Reference identity: paths are keys of a memo table.
    public bool Equals(PathCondition? other) => ReferenceEquals(this, other);
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
