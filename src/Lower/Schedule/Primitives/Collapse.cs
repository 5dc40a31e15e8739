using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..n { for j in 0..m { S(i, j) } }   →   for f in 0..n * m { let j = f % m { let i = f / m { S(i, j) } } }
/// </code>
/// <see cref="Fuse"/> for extents that are not numbers: the old variables stay, so that the divisions are done once for each value of <c>f</c> and not
/// wherever an index is used. The order of the iterations stays. The loops must be directly nested, and no extent may use a variable further out.
/// </summary>
public static class Collapse
{
    public static (Stmt Nest, Var Collapsed) Apply(Stmt nest, IReadOnlyList<Var> loops)
    {
        if (loops.Count == 1) return (nest, loops[0]);
        var collapsed = Var.Index(string.Concat(loops.Select(v => v.Name)));
        var result = NestPath.ReplaceLoop(nest, loops[0], outermost =>
        {
            var chain = new List<For>();
            Stmt rest = outermost;
            foreach (var v in loops)
            {
                if (rest is not For f || !ReferenceEquals(f.Variable, v)) throw new CompilerBugException("collapse", $"{v.Name} is not directly inside the loop before it");
                if (f.Kind is not LoopKind.Serial) throw new CompilerBugException("collapse", $"{v.Name} is marked {f.Kind}");
                chain.Add(f);
                rest = f.Body;
            }
            var lets = new List<(Var Variable, Expr Value)>();
            var position = collapsed;
            for (int n = chain.Count - 1; n >= 0; n--)
            {
                if (n == 0)
                {
                    Add(chain[0], position);
                    break;
                }
                Add(chain[n], position % chain[n].Extent);
                var outside = Var.Index(string.Concat(chain.Take(n).Select(f => f.Variable.Name)));
                lets.Add((outside, position / chain[n].Extent));
                position = outside;
            }
            lets.Reverse();
            foreach (var (variable, value) in lets) rest = new LetStmt(variable, value, rest, outermost.Origin);
            var extent = chain.Skip(1).Aggregate(chain[0].Extent, (product, f) => product * f.Extent);
            return new For(collapsed, Expr.Index(0), extent, LoopKind.Serial, rest, null, outermost.Origin);

            void Add(For f, Expr value)
            {
                if (f.Min.IsConstant(0))
                {
                    lets.Add((f.Variable, value));
                    return;
                }
                var offset = Var.Index(f.Variable.Name + "n");
                lets.Add((offset, value));
                lets.Add((f.Variable, f.Min + offset));
            }
        });
        return (result, collapsed);
    }
}
