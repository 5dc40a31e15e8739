using System.Collections.Immutable;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>The names of an expression that may be indices: not what is called or subscripted, nor what a reduction around it binds.
/// Without recursion: a long sum is a deep tree.</summary>
internal static class FreeNames
{
    public static IEnumerable<NameExpressionSyntax> In(ExpressionSyntax expression)
    {
        var work = new Stack<(ExpressionSyntax, ImmutableHashSet<string> Bound)>();
        work.Push((expression, []));
        while (work.TryPop(out var item))
        {
            var (e, bound) = item;
            if (e is NameExpressionSyntax n && !bound.Contains(n.Name)) yield return n;
            var inside = e is ReductionSyntax r ? bound.Union(r.Binders.Select(b => b.Name.Text)) : bound;
            foreach (var child in Children(e).Reverse()) work.Push((child, inside));
        }
    }

    private static IEnumerable<ExpressionSyntax> Children(ExpressionSyntax e) => e switch
    {
        SubscriptSyntax { Target: NameExpressionSyntax } s => s.Subscripts,
        CallSyntax { Target: NameExpressionSyntax } c => c.Arguments.Select(a => a.Value),
        _ => MentionedNames.Children(e),
    };
}
