using System.Collections.Immutable;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>The nodes around a place, the outermost first.</summary>
internal static class SyntaxPath
{
    /// <param name="offset">A position in the node's own text; a name is found at its end too.</param>
    public static ImmutableArray<SyntaxNode> At(SyntaxNode root, int offset)
    {
        var path = ImmutableArray.CreateBuilder<SyntaxNode>();
        for (SyntaxNode? node = root; node is not null;)
        {
            path.Add(node);
            SyntaxNode? inside = null;
            foreach (var child in node.Children)
            {
                var span = child.Span.Span;
                // Of two neighbours the one that begins here; a name over a bracket that ends here.
                if (span.Start <= offset && offset <= span.End && (inside is null || span.Start == offset || inside.Span.Span.End < offset)) inside = child;
            }
            node = inside;
        }
        return path.ToImmutable();
    }

    /// <summary>Every name below a node, with the nodes around it.</summary>
    public static IEnumerable<ImmutableArray<SyntaxNode>> Names(SyntaxNode root)
    {
        var open = new Stack<ImmutableArray<SyntaxNode>>();
        open.Push([root]);
        while (open.TryPop(out var path))
        {
            if (path[^1] is NameSyntax or NameExpressionSyntax) yield return path;
            foreach (var child in path[^1].Children.Reverse()) open.Push(path.Add(child));
        }
    }
}
