using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Replaces every <see cref="Instance"/> by its body with the bindings in place. A point outside the domain is skipped by an <see cref="If"/>.
/// A reduction is initialised in a nest of its own just before its outermost reduction loop: copies of the spatial loops inside that loop, with their marks.</summary>
public static class LowerInstances
{
    public static LoopModule Run(LoopModule module) =>
        module.Level > LoopLevel.Scheduled ? module : module.Map(f => f.With(new Lowering().Visit(f.Body)), LoopLevel.Lowered);

    private sealed class Lowering : Rewriter
    {
        private readonly List<Stmt> _path = [];
        private readonly Dictionary<For, List<Stmt>> _before = new(ReferenceEqualityComparer.Instance);

        protected override Stmt VisitFor(For f)
        {
            _path.Add(f);
            var lowered = base.VisitFor(f);
            _path.RemoveAt(_path.Count - 1);
            return _before.Remove(f, out var inits) ? Block.Of([.. inits, lowered]) : lowered;
        }

        protected override Stmt VisitLetStmt(LetStmt l)
        {
            _path.Add(l);
            var lowered = base.VisitLetStmt(l);
            _path.RemoveAt(_path.Count - 1);
            return lowered;
        }

        protected override Stmt VisitIf(If i)
        {
            _path.Add(i);
            var lowered = base.VisitIf(i);
            _path.RemoveAt(_path.Count - 1);
            return lowered;
        }

        protected override Stmt VisitInstance(Instance i)
        {
            var bind = new Instantiate(i.Iterations.Select(it => KeyValuePair.Create(it.Variable, it.Binding)));
            var point = i.Reassociate ? FuseMultiplyAdd.Instance.Visit(i.Body) : i.Body;
            var body = Guarded(Domain(i.Iterations, bind), bind.Visit(point), i.Origin);
            if (i.Init is null) return body;

            var init = Guarded(Domain(i.Iterations.Where(it => it.Kind != IterKind.Reduction), bind), bind.Visit(i.Init), i.Origin);
            var carriers = i.Iterations.Where(it => it.Kind == IterKind.Reduction).SelectMany(it => it.Binding.FreeVars()).ToHashSet();
            int outermost = OutermostCarrier(carriers);
            if (outermost < 0) return Block.Of(init, body);
            var loop = (For)_path[outermost];
            if (!_before.TryGetValue(loop, out var inits)) _before[loop] = inits = [];
            inits.Add(InitNest(init, outermost, carriers));
            return body;
        }

        // The conditions that a loop's own range does not already give.
        private List<Expr> Domain(IEnumerable<IterVar> iterations, Instantiate bind)
        {
            var conditions = new List<Expr>();
            foreach (var it in iterations)
            {
                var (start, end, at) = (bind.Visit(it.Start), bind.Visit(it.End), it.Binding);
                var loop = _path.OfType<For>().LastOrDefault(f => ReferenceEquals(f.Variable, at));
                if (loop is null || !StructuralComparer.Equal(loop.Min, start)) Require(start <= at);
                if (loop is null || !EndsAt(loop, end)) Require(at < end);
            }
            return conditions;

            void Require(Expr condition)
            {
                if (!condition.IsTrue) conditions.Add(condition);
            }
        }

        // An extent that is clamped to 0 ends where the clamped value does, if it runs at all.
        private static bool EndsAt(For loop, Expr end) =>
            StructuralComparer.Equal(loop.Min + loop.Extent, end) || StructuralComparer.Equal(loop.Extent, end - loop.Min)
            || StructuralComparer.Equal(loop.Extent, Expr.Max(Expr.Index(0), end - loop.Min));

        private static Stmt Guarded(List<Expr> conditions, Stmt body, Origin? origin) =>
            conditions.Count == 0 ? body : new If(Expr.All(conditions), body, null, origin);

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

        private Stmt InitNest(Stmt init, int outermost, HashSet<Var> carriers)
        {
            var needed = init.FreeVars().ToHashSet();
            var nest = init;
            for (int k = _path.Count - 1; k >= outermost; k--)
            {
                switch (_path[k])
                {
                    // A loop that also carries the reduction sets the same element several times: in order, by one agent.
                    case For f when needed.Contains(f.Variable):
                        nest = new For(f.Variable, f.Min, f.Extent, carriers.Contains(f.Variable) ? LoopKind.Serial : f.Kind, nest, f.Axis, f.Origin);
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

    // acc + a·b with one rounding, where the order of a sum is free anyway; the element's own arithmetic stays as written.
    private sealed class FuseMultiplyAdd : Rewriter
    {
        public static readonly FuseMultiplyAdd Instance = new();

        protected override Stmt VisitStore(Store s) =>
            Fuse(s.Value, s) is var value && ReferenceEquals(value, s.Value) ? s : new Store(s.Buffer, s.Indices, value, s.Predicate, s.NonTemporal, s.Origin);

        private static Expr Fuse(Expr e, Store s)
        {
            switch (e)
            {
                case Binary { Op: BinaryOp.Add } sum when e.Type.Element.IsFloat && Reads(sum.Left, s) && sum.Right is Binary { Op: BinaryOp.Mul } p:
                    return new Call(Intrinsic.Fma, [p.Left, p.Right, sum.Left]);
                case Binary { Op: BinaryOp.Add } sum when e.Type.Element.IsFloat && Reads(sum.Right, s) && sum.Left is Binary { Op: BinaryOp.Mul } p:
                    return new Call(Intrinsic.Fma, [p.Left, p.Right, sum.Right]);
                case Binary { Op: BinaryOp.Sub } difference when e.Type.Element.IsFloat && Reads(difference.Left, s) && difference.Right is Binary { Op: BinaryOp.Mul } p:
                    return new Call(Intrinsic.Fma, [new Unary(UnaryOp.Neg, p.Left), p.Right, difference.Left]);
                case Select choice when Fuse(choice.Then, s) is var then && Fuse(choice.Else, s) is var @else:
                    return ReferenceEquals(then, choice.Then) && ReferenceEquals(@else, choice.Else) ? e : new Select(choice.Condition, then, @else);
                case Let let when Fuse(let.Body, s) is var body && !ReferenceEquals(body, let.Body):
                    return new Let(let.Variable, let.Value, body);
                default:
                    return e;
            }
        }

        private static bool Reads(Expr e, Store s) => e is Load l && l.Buffer == s.Buffer;
    }
}
