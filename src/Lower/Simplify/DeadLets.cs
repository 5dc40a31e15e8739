using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

/// <summary>Removes lets whose variable is not used, in one pass: a body is seen before the let's value.</summary>
internal static class DeadLets
{
    public static Expr Remove(Expr e) => new Remover().Visit(e);
    public static Stmt Remove(Stmt s) => new Remover().Visit(s);

    private sealed class Remover : Rewriter
    {
        private readonly HashSet<Var> _used = [];
        private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

        public override Expr Visit(Expr e)
        {
            if (e is Var v) _used.Add(v);
            if (e is Var or IntImm or FloatImm) return e;
            if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
            return result;
        }

        protected override Expr VisitLet(Let l)
        {
            var body = Visit(l.Body);
            if (!_used.Contains(l.Variable)) return body;
            var value = Visit(l.Value);
            return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) ? l : new Let(l.Variable, value, body);
        }

        protected override Stmt VisitLetStmt(LetStmt l)
        {
            var body = Visit(l.Body);
            if (!_used.Contains(l.Variable)) return body;
            var value = Visit(l.Value);
            return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) ? l : new LetStmt(l.Variable, value, body, l.Origin);
        }
    }
}
