using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Ends a serial loop where nothing happens any more, and starts it where something does:
/// <code>
/// for i in 0..64 { if o * 64 + i &lt; n { S } }  →  for i in 0..min(64, n - o * 64) { S }
/// </code>
/// The guard of a split's tail is then paid for once a loop and not in each iteration.</summary>
public static class TrimLoops
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Trimming().Visit(f.Body)));

    private sealed class Trimming : Rewriter
    {
        private readonly NonZeroDivisors _divisors = new();

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            int mark = _divisors.Mark();
            _divisors.Enter(f);
            var body = Visit(f.Body);
            _divisors.Release(mark);
            if (!ReferenceEquals(body, f.Body)) f = new(f.Variable, f.Min, f.Extent, f.Kind, body, f.Axis, f.Origin);
            return f.Kind is LoopKind.Serial ? Trim(f) ?? f : f;
        }

        private For? Trim(For f)
        {
            var (start, end) = ((Expr?)null, (Expr?)null);
            var used = new List<Binary>();
            foreach (var condition in Needed(f.Body))
            {
                if (condition is not Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b || b.Left.Type != IrType.Index || Solve(b, f.Variable) is not { } limit) continue;
                // Outside of the loop it is evaluated even where the loop runs not once.
                if (_divisors.CanTrap(limit.Bound) || !limit.Bound.BuffersRead().IsEmpty) continue;
                if (limit.IsEnd) end = end is null ? limit.Bound : Expr.Min(end, limit.Bound);
                else start = start is null ? limit.Bound : Expr.Max(start, limit.Bound);
                used.Add(b);
            }
            if (used.Count == 0) return null;
            var min = start is null ? f.Min : Expr.Max(f.Min, start);
            var extent = start is null && end is not null && f.Min.IsConstant(0) ? Expr.Min(f.Extent, end) : (end is null ? f.Min + f.Extent : Expr.Min(f.Min + f.Extent, end)) - min;
            return new For(f.Variable, min, Expr.Max(Expr.Index(0), extent), f.Kind, new Holding(used).Visit(f.Body), f.Axis, f.Origin);
        }
    }

    /// <summary>What must hold for a statement to do anything, in terms of what stands outside of it.</summary>
    private static ImmutableArray<Expr> Needed(Stmt s) => s switch
    {
        If { Else: null } i => [.. Conjuncts(i.Condition), .. Needed(i.Then)],
        Allocate a => Needed(a.Body),
        For f => Without(Needed(f.Body), f.Variable),
        LetStmt l => Without(Needed(l.Body), l.Variable),
        Block { Statements.Length: > 0 } b => b.Statements.Select(Needed).Aggregate((a, c) => [.. a.Where(x => c.Any(y => StructuralComparer.Equal(x, y)))]),
        _ => [],
    };

    private static ImmutableArray<Expr> Without(ImmutableArray<Expr> conditions, Var v) => [.. conditions.Where(c => !c.UsesVar(v))];

    private static IEnumerable<Expr> Conjuncts(Expr e) => e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];

    /// <summary>A comparison as an end of a variable's range (the first value past it), or as its start; null where it is neither.</summary>
    private static (bool IsEnd, Expr Bound)? Solve(Binary b, Var v)
    {
        if (LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right) return null;
        // Not negative where the comparison holds: k·v + rest.
        var form = b.Op is BinaryOp.Gt or BinaryOp.Ge ? left.Minus(right) : right.Minus(left);
        if (b.Op is BinaryOp.Lt or BinaryOp.Gt) form = form?.Plus(-1);
        if (form is null || form.CoefficientOf(v) is var k && k is 0 or > 1L << 30 or < -(1L << 30) || form.Replace(v, LinearForm.Of(0)) is not { } rest || rest.ToExpr().UsesVar(v)) return null;
        // v <= floor(rest / -k), or v >= ceil(-rest / k) = -floor(rest / k).
        return k < 0 ? (true, Quotient(rest, -k) + 1) : rest.Times(-1) is { } negated ? (false, k == 1 ? negated.ToExpr() : Expr.CeilDiv(negated.ToExpr(), k)) : null;
    }

    private static Expr Quotient(LinearForm form, long by) => by == 1 ? form.ToExpr() : form.ToExpr() / by;

    private sealed class Holding(List<Binary> conditions) : SharingRewriter
    {
        protected override Expr VisitBinary(Binary b) =>
            conditions.Exists(c => StructuralComparer.Equal(c, b)) ? Expr.True
            : b.Op is BinaryOp.And && b.Type.Element is ElementType.Bool ? Expr.And(Visit(b.Left), Visit(b.Right)) : base.VisitBinary(b);

        protected override Stmt VisitIf(If i)
        {
            var visited = base.VisitIf(i);
            return visited is If { Condition.IsTrue: true } always ? always.Then : visited;
        }
    }
}
