using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { for j { for k { S } } }   reorder(k, i)   →   for k { for j { for i { S } } }
/// </code>
/// Permutes the loops it names among the places they hold. The loops between the first and the last of them must be perfectly nested, and no
/// loop's range may use a variable that then lies inside it. Iterations of one element's reduction keep their order only where the reduction
/// loops keep theirs; otherwise the reduction must allow any order.
/// </summary>
public static class Reorder
{
    public static Stmt Apply(Stmt nest, params IReadOnlyList<Var> order)
    {
        if (order.Count < 2) return nest;
        var named = new HashSet<Var>(order);
        if (named.Count != order.Count) throw new CompilerBugException("reorder", "a loop is named twice");
        var first = Outermost(nest, named);
        return NestPath.ReplaceLoop(nest, first, f =>
        {
            var chain = new List<For>();
            Stmt rest = f;
            for (int found = 0; found < order.Count;)
            {
                if (rest is not For loop) throw new CompilerBugException("reorder", "the loops are not perfectly nested");
                chain.Add(loop);
                if (named.Contains(loop.Variable)) found++;
                rest = loop.Body;
            }
            var byVariable = chain.ToDictionary(l => l.Variable);
            int next = 0;
            var permuted = chain.Select(l => named.Contains(l.Variable) ? byVariable[order[next++]] : l).ToList();
            CheckRanges(permuted);
            foreach (var loop in Enumerable.Reverse(permuted)) rest = loop.WithBody(rest);
            return rest;
        });
    }

    private static Var Outermost(Stmt nest, HashSet<Var> named)
    {
        for (var s = nest; ;)
            switch (s)
            {
                case For f when named.Contains(f.Variable): return f.Variable;
                case For f: s = f.Body; break;
                case Allocate a: s = a.Body; break;
                case LetStmt l: s = l.Body; break;
                default: throw new CompilerBugException("reorder", "the loops are not in one nest");
            }
    }

    private static void CheckRanges(List<For> loops)
    {
        var inside = new HashSet<Var>();
        foreach (var loop in Enumerable.Reverse(loops))
        {
            inside.Add(loop.Variable);
            if (loop.Min.UsesAny(inside.Contains) || loop.Extent.UsesAny(inside.Contains))
                throw new CompilerBugException("reorder", $"the range of {loop.Variable.Name} uses a loop that would lie inside it");
        }
    }
}
