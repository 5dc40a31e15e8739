using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Gives the start of every reduction an instance of its own:
/// <code>
/// for i { for k { for j { C: init { C[i, j] = 0 } C[i, j] += S } } }
///   →  for i { for j { C.init: C[i, j] = 0 }
///              for k { for j { C: C[i, j] += S } } }
/// </code>
/// It stands just before the outermost loop that the reduction runs over, in copies of the other loops inside of that one, with their marks. So it runs
/// once for each element, also where there is nothing to reduce. This is what <see cref="Instance.Init"/> means.</summary>
public static class DecomposeReductions
{
    public static LoopModule Run(LoopModule module) => module.Level > LoopLevel.Scheduled ? module : module.Map(Run);

    public static LoopFunction Run(LoopFunction function) => function.With(new Decomposition().Visit(function.Body));

    private sealed class Decomposition : Rewriter
    {
        private readonly List<Stmt> _path = [];
        private readonly Dictionary<For, List<Stmt>> _before = new(ReferenceEqualityComparer.Instance);

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var visited = Inside(f, base.VisitFor);
            return _before.Remove(f, out var inits) ? Block.Of([.. inits, visited]) : visited;
        }

        protected override Stmt VisitLetStmt(LetStmt l) => Inside(l, base.VisitLetStmt);

        // What starts a reduction of one branch runs where that branch does: the branch may know more about its sizes.
        protected override Stmt VisitIf(If i)
        {
            var then = Inside(new If(i.Condition, i.Then, null, i.Origin), x => Visit(x.Then));
            var other = i.Else is null ? null : Inside(new If(Expr.Not(i.Condition), i.Else, null, i.Origin), x => Visit(x.Then));
            return ReferenceEquals(then, i.Then) && ReferenceEquals(other, i.Else) ? i : new If(i.Condition, then, other, i.Origin);
        }


        private Stmt Inside<T>(T s, Func<T, Stmt> visit) where T : Stmt
        {
            _path.Add(s);
            var visited = visit(s);
            _path.RemoveAt(_path.Count - 1);
            return visited;
        }

        protected override Stmt VisitInstance(Instance i)
        {
            if (i.Init is null) return i;
            var init = new Instance(i.Name + ".init", [.. i.Iterations.Where(it => it.Kind is not IterKind.Reduction)],
                Regions.Read(i.Init), Regions.Written(i.Init), null, i.Init, i.Reassociate, i.Origin);
            var body = new Instance(i.Name, i.Iterations, i.Reads, i.Writes, null, i.Body, i.Reassociate, i.Origin);

            var carriers = i.Iterations.Where(it => it.Kind is IterKind.Reduction).SelectMany(it => it.Binding.FreeVars()).ToHashSet();
            // Loops that keep their order are outside, also where the reduction starts at their value.
            carriers.ExceptWith(i.Iterations.Where(it => it.Kind is IterKind.Opaque || it.Kind is IterKind.Spatial && it.Binding is Var).SelectMany(it => it.Binding.FreeVars()));
            int outermost = OutermostCarrier(carriers);
            if (outermost < 0) return Block.Of(new Instantiate([]).Visit(init), body);
            var loop = (For)_path[outermost];
            if (!_before.TryGetValue(loop, out var inits)) _before[loop] = inits = [];
            inits.Add(Nest(init, outermost, carriers));
            return body;
        }

        // Index in the path of the outermost loop that a reduction runs over, by itself or through a let; -1 where there is none.
        private int OutermostCarrier(HashSet<Var> carriers)
        {
            int outermost = -1;
            for (int k = _path.Count - 1; k >= 0; k--)
            {
                if (_path[k] is LetStmt l && carriers.Contains(l.Variable)) carriers.UnionWith(l.Value.FreeVars());
                if (_path[k] is For f && carriers.Contains(f.Variable)) outermost = k;
            }
            return outermost;
        }

        private Stmt Nest(Stmt nest, int outermost, HashSet<Var> carriers)
        {
            var needed = nest.FreeVars().ToHashSet();
            for (int k = _path.Count - 1; k >= outermost; k--)
            {
                switch (_path[k])
                {
                    // A loop that also carries the reduction sets the same element several times: in order, by one agent.
                    case For f when needed.Contains(f.Variable):
                        nest = carriers.Contains(f.Variable) ? new For(f.Variable, f.Min, f.Extent, LoopKind.Serial, nest, null, f.Origin) : f.With(nest);
                        needed.UnionWith(f.Min.FreeVars());
                        needed.UnionWith(f.Extent.FreeVars());
                        break;
                    case LetStmt l when needed.Contains(l.Variable):
                        nest = new LetStmt(l.Variable, l.Value, nest, l.Origin);
                        needed.UnionWith(l.Value.FreeVars());
                        break;
                    case If { Else: null } c when c.Condition.FreeVars() is var used && !carriers.Overlaps(used):
                        nest = new If(c.Condition, nest, null, c.Origin);
                        needed.UnionWith(used);
                        break;
                }
            }
            return new Instantiate([]).Visit(nest);
        }
    }
}
