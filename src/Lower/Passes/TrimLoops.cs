using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Ends a serial loop where nothing happens any more, and starts it where something does:
/// <code>
/// for i in 0..64 { if o * 64 + i &lt; n { S } }  →  for i in 0..min(64, n - o * 64) { S }
/// </code>
/// The guard of a split's tail is then paid for once a loop and not in each iteration.</summary>
public static class TrimLoops
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Trimming().Visit(f.Body)));

    private sealed class Trimming : SerialLoopRewriter
    {
        protected override Stmt? Change(For f)
        {
            var (start, end) = ((Expr?)null, (Expr?)null);
            var used = new List<Binary>();
            foreach (var condition in Needed(f.Body, []) ?? [])
            {
                if (condition is not Binary b || Solve(b, f.Variable) is not { } limit) continue;
                if (!IsSafeOutside(limit.Bound)) continue;
                if (limit.IsEnd) end = end is null ? limit.Bound : Expr.Min(end, limit.Bound);
                else start = start is null ? limit.Bound : Expr.Max(start, limit.Bound);
                used.Add(b);
            }
            if (used.Count == 0) return null;
            var min = start is null ? f.Min : Expr.Max(f.Min, start);
            var extent = start is null && end is not null && f.Min.IsConstant(0) ? Expr.Min(f.Extent, end) : (end is null ? f.Min + f.Extent : Expr.Min(f.Min + f.Extent, end)) - min;
            return f.With(new Holding(used).Visit(f.Body), min, Expr.Max(Expr.Index(0), extent));
        }
    }

    /// <summary>What must hold for a statement to do anything that is seen outside of it, in terms of what stands outside of it; null where it does nothing.</summary>
    /// <param name="own">Buffers that do not live outside.</param>
    private static ImmutableArray<Expr>? Needed(Stmt s, ImmutableHashSet<Buffer> own)
    {
        switch (s)
        {
            case If { Else: null } i: return Needed(i.Then, own) is { } inner ? [.. Conjuncts(i.Condition), .. inner] : null;
            case Allocate a: return Needed(a.Body, own.Add(a.Buffer));
            case For f: return Needed(f.Body, own) is { } body ? [.. body.Select(c => Outside(c, f)).OfType<Expr>()] : null;
            case LetStmt l: return Needed(l.Body, own) is { } rest ? [.. rest.Where(c => !c.UsesVar(l.Variable))] : null;
            case Store w when own.Contains(w.Buffer): return null;
            case Block b:
                ImmutableArray<Expr>? all = null;
                foreach (var part in b.Statements)
                    if (Needed(part, own) is { } needed) all = all is { } known ? [.. known.Where(x => needed.Any(y => StructuralComparer.Equal(x, y)))] : needed;
                return all;
            default: return [];
        }
    }

    /// <summary>What a condition in a loop's body asks of what stands around the loop: that it holds in some iteration.</summary>
    private static Expr? Outside(Expr condition, For loop)
    {
        if (!condition.UsesVar(loop.Variable)) return condition;
        if (condition is not Binary b || NotNegative(b) is not { } form || loop.Min is not IntImm first || loop.Extent is not IntImm { Value: > 0 } extent) return null;
        long k = form.CoefficientOf(loop.Variable), best = k > 0 ? first.Value + extent.Value - 1 : first.Value;
        return form.Replace(loop.Variable, LinearForm.Of(best)) is { } rest && rest.ToExpr() is var left && !left.UsesVar(loop.Variable) ? left >= 0 : null;
    }

    // A comparison of indices as a form that is not negative where it holds.
    private static LinearForm? NotNegative(Binary b)
    {
        if (b.Op is not (BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge) || b.Left.Type != IrType.Index || LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right) return null;
        var form = b.Op is BinaryOp.Gt or BinaryOp.Ge ? left.Minus(right) : right.Minus(left);
        return b.Op is BinaryOp.Lt or BinaryOp.Gt ? form?.Plus(-1) : form;
    }

    internal static IEnumerable<Expr> Conjuncts(Expr e) => e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];

    /// <summary>A comparison as an end of a variable's range (the first value past it), or as its start; null where it is neither.</summary>
    internal static (bool IsEnd, Expr Bound)? Solve(Binary b, Var v)
    {
        // k·v + rest
        var form = NotNegative(b);
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
