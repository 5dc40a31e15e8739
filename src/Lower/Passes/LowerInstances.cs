using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Replaces every <see cref="Instance"/> by its body with the bindings in place. A point outside the domain is skipped by an <see cref="If"/>,
/// outside of the loops that the condition does not depend on.</summary>
public static class LowerInstances
{
    /// <param name="fuses">A product that is added to a sum whose order is free becomes one operation with it.</param>
    public static LoopModule Run(LoopModule module, bool fuses = true) =>
        module.Level > LoopLevel.Scheduled ? module : DecomposeReductions.Run(module).Map(f => f.With(new Lowering(fuses).Visit(f.Body)), LoopLevel.Lowered);

    private sealed class Lowering(bool fuses) : Rewriter
    {
        private readonly List<For> _loops = [];
        private readonly NonZeroDivisors _divisors = new();

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            int mark = _divisors.Mark();
            _loops.Add(f);
            _divisors.Enter(f);
            var body = Visit(f.Body);
            _loops.RemoveAt(_loops.Count - 1);
            _divisors.Release(mark);
            if (body is not If { Else: null, Origin: var origin } guard) return WithBody(body);
            // Outside, a division could be by 0 where the loop does not run, or where a condition before it is false.
            var conditions = Conjuncts(guard.Condition).ToLookup(c => c.UsesVar(f.Variable) || !c.BuffersRead().IsEmpty || _divisors.CanTrap(c));
            if (!conditions[false].Any()) return WithBody(body);
            return Guarded([.. conditions[false]], WithBody(Guarded([.. conditions[true]], guard.Then, origin)), origin);

            Stmt WithBody(Stmt s) => ReferenceEquals(s, f.Body) ? f : f.With(s);
        }

        protected override Stmt VisitInstance(Instance i)
        {
            var bind = new Instantiate(i.Iterations.Select(it => KeyValuePair.Create(it.Variable, it.Binding)));
            var checkedBody = CheckedConditions.Use(i.Body);
            var point = i.Reassociate && fuses ? FuseMultiplyAdd.Instance.Visit(checkedBody) : checkedBody;
            return Guarded(Domain(i.Iterations, bind), Originated.By(i.Origin, bind.Visit(point)), i.Origin);
        }

        // The conditions that a loop's own range does not already give.
        private List<Expr> Domain(IEnumerable<IterVar> iterations, Instantiate bind)
        {
            var conditions = new List<Expr>();
            foreach (var it in iterations)
            {
                var (start, end, at) = (bind.Visit(it.Start), bind.Visit(it.End), it.Binding);
                var loop = _loops.LastOrDefault(f => ReferenceEquals(f.Variable, at));
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

        private static IEnumerable<Expr> Conjuncts(Expr e) => e is Binary { Op: BinaryOp.And } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];
    }

    // What an instance does comes from where the instance does.
    private sealed class Originated(Origin origin) : Rewriter
    {
        public static Stmt By(Origin? origin, Stmt body) => origin is null ? body : new Originated(origin).Visit(body);

        public override Expr Visit(Expr e) => e;
        protected override Stmt VisitStore(Store s) => s.Origin is null ? new Store(s.Buffer, s.Indices, s.Value, s.Predicate, s.NonTemporal, origin) : s;
        protected override Stmt VisitLetStmt(LetStmt l) => new LetStmt(l.Variable, l.Value, Visit(l.Body), l.Origin ?? origin);
        protected override Stmt VisitCheck(Check c) => c.Origin is null ? new Check(c.Condition, c.Message, c.Values, origin) : c;
        protected override Stmt VisitInstruction(InstructionCall c) => new InstructionCall(c.Name, c.Emission, Visit(c.Body), c.Origin ?? origin) { CEmission = c.CEmission };
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
                    return ReferenceEquals(then, choice.Then) && ReferenceEquals(@else, choice.Else) ? e : choice.With(choice.Condition, then, @else);
                case Let let when Fuse(let.Body, s) is var body && !ReferenceEquals(body, let.Body):
                    return new Let(let.Variable, let.Value, body);
                default:
                    return e;
            }
        }

        // Another element of the same buffer is an operand like any other.
        private static bool Reads(Expr e, Store s) => e is Load l && l.Buffer == s.Buffer && l.Indices.SequenceEqual(s.Indices, StructuralComparer.Instance);
    }
}
