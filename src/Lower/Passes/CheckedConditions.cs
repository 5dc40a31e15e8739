using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>What a run-time check has tested holds for the statements behind it in the same block:
/// <code>
/// check i &lt; n;  Y[j] = X[i] if i &lt; n   →   check i &lt; n;  Y[j] = X[i]
/// </code>
/// A check under a condition, <c>!p || c</c>, leaves <c>p</c> of <c>p &amp;&amp; c</c>. Conditions over what the block writes are left alone.</summary>
internal sealed class CheckedConditions : SharingRewriter
{
    private readonly Dictionary<Expr, Expr> _known = new(StructuralComparer.Instance);

    public static Stmt Use(Stmt body)
    {
        if (body is not Block { Statements: [Check, ..] } block) return body;
        var written = body.BuffersWritten();
        var rewriter = new CheckedConditions();
        var statements = new List<Stmt>();
        foreach (var s in block.Statements)
        {
            statements.Add(rewriter.Visit(s));
            if (s is Check c && !c.Condition.BuffersRead().Intersect(written).Any()) rewriter.Learn(c.Condition);
        }
        return statements.SequenceEqual(block.Statements, ReferenceEqualityComparer.Instance) ? body : new Block([.. statements]);
    }

    private void Learn(Expr condition)
    {
        if (condition is Binary { Op: BinaryOp.Or, Left: Unary { Op: UnaryOp.Not, Operand: var path }, Right: var then }) _known.TryAdd(Expr.And(path, then), path);
        else _known.TryAdd(condition, Expr.True);
        Forget();
    }

    public override Expr Visit(Expr e) => _known.GetValueOrDefault(e) ?? (base.Visit(e) is var visited && ReferenceEquals(visited, e) ? e : _known.GetValueOrDefault(visited, visited));

    protected override Expr VisitBinary(Binary b)
    {
        var visited = base.VisitBinary(b);
        return visited is Binary { Op: BinaryOp.And } both && !ReferenceEquals(both, b) ? Expr.And(both.Left, both.Right) : visited;
    }

    protected override Expr VisitSelect(Select s)
    {
        var visited = base.VisitSelect(s);
        return visited is Select { Condition.IsTrue: true } taken ? taken.Then : visited;
    }

    protected override Expr VisitLoad(Load l)
    {
        var visited = base.VisitLoad(l);
        return visited is Load { Predicate.IsTrue: true } always ? new Load(always.Buffer, always.Indices) : visited;
    }
}
