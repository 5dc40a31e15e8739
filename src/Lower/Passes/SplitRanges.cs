using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>A loop whose body is one of two versions by where its variable lies becomes loops of one version each, one after another:
/// <code>
/// for i in 0..n { if i &gt;= 1 &amp;&amp; i &lt; m { S } else { T } }  →  for i in 0..1 { T }  for i in 1..m { S }  for i in m..n { T }
/// </code>
/// (with ends that are clamped to the range). A compiler keeps in registers what a loop without branches carries. Arrays of the body's own are copied with it.</summary>
public static class SplitRanges
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Splitting().Visit(f.Body)));

    private sealed class Splitting : SerialLoopRewriter
    {
        protected override Stmt? Change(For f)
        {
            if (Choice(f.Body) is not { Else: { } other } choice || other is Block { Statements.IsEmpty: true }) return null;
            var (first, last) = ((Expr?)null, (Expr?)null);
            foreach (var condition in TrimLoops.Conjuncts(choice.Condition))
            {
                if (condition is not Binary b || TrimLoops.Solve(b, f.Variable) is not { } limit || !IsSafeOutside(limit.Bound)) return null;
                if (limit.IsEnd) last = last is null ? limit.Bound : Expr.Min(last, limit.Bound);
                else first = first is null ? limit.Bound : Expr.Max(first, limit.Bound);
            }
            var (start, end) = (f.Min, f.Min + f.Extent);
            var from = first is null ? start : Expr.Min(Expr.Max(first, start), end);
            var to = last is null ? end : Expr.Max(Expr.Min(last, end), from);
            var parts = new List<Stmt>();
            if (first is not null) parts.Add(Part(f, start, from, other));
            parts.Add(f.With(Inside(f.Body, choice.Then), from, to - from));
            if (last is not null) parts.Add(Part(f, to, end, other));
            return Block.Of(parts);
        }

        private static Stmt Part(For f, Expr start, Expr end, Stmt version) => new Instantiate([]).Visit(f.With(Inside(f.Body, version), start, end - start));

        // What stands in the arrays of a body.
        private static If? Choice(Stmt s) => s is Allocate a ? Choice(a.Body) : s as If;

        private static Stmt Inside(Stmt s, Stmt version) => s is Allocate a ? new Allocate(a.Buffer, Inside(a.Body, version), a.Origin) : version;
    }
}
