using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Ir;

public class SubstitutionTests
{
    private readonly Var _i = Var.Index("i"), _j = Var.Index("j"), _n = Var.Index("n");

    [Fact]
    public void Variables_and_buffers_are_replaced_and_what_has_none_stays_the_same_object()
    {
        var (a, b) = (new Tx.Lower.Ir.Buffer("A", ElementType.F32, [_n], BufferRole.Input), new Tx.Lower.Ir.Buffer("B", ElementType.F32, [_n], BufferRole.Output));
        Stmt kept = new Store(b, [_j], new Load(a, [_j + 1]));
        var s = new For(_i, Expr.Index(0), _n, LoopKind.Serial, Block.Of(new Store(b, [_i], new Load(a, [_n - _i])), kept));
        Assert.Same(s, s.Substitute(Var.Index("other"), Expr.Index(1)));
        var replaced = (For)s.Substitute(_n, Expr.Index(8));
        Assert.Equal("for i in 0..8 {\n  B[i] = A[8 - i];\n  B[j] = A[j + 1];\n}\n", replaced.ToString());
        Assert.Same(kept, ((Block)replaced.Body).Statements[1]);
        Assert.Same(b, Assert.Single(kept.Substitute(new Dictionary<Tx.Lower.Ir.Buffer, Tx.Lower.Ir.Buffer> { [a] = b }).BuffersRead()));
        Assert.Equal([_n, _j], s.FreeVars().ToArray());
    }

    [Fact]
    public void Shared_parts_are_visited_once()
    {
        Expr e = _i;
        for (int k = 0; k < 200; k++) e = new Binary(BinaryOp.Add, e, e);
        Assert.NotSame(e, e.Substitute(_i, _j));
        Assert.True(StructuralComparer.Equal(e.Substitute(_i, _j), e.Substitute(_i, _j)));
        Assert.False(StructuralComparer.Equal(e, e.Substitute(_i, _j)));
        Assert.Same(_i, Assert.Single(e.FreeVars()));
    }

    [Fact]
    public void Alpha_equality_ignores_names_but_not_which_variable_is_meant()
    {
        var b = new Tx.Lower.Ir.Buffer("B", ElementType.I64, [_n, _n], BufferRole.Output);
        Stmt Nest(Var x, Var y, Expr first, Expr second) =>
            new For(x, Expr.Index(0), _n, LoopKind.Serial, new For(y, Expr.Index(0), _n, LoopKind.Serial, new Store(b, [first, second], x)));
        var (p, q) = (Var.Index("p"), Var.Index("q"));
        Assert.True(StructuralComparer.AlphaEqual(Nest(_i, _j, _i, _j), Nest(p, q, p, q)));
        Assert.False(StructuralComparer.AlphaEqual(Nest(_i, _j, _i, _j), Nest(p, q, q, p)));
        Assert.False(StructuralComparer.AlphaEqual(Nest(_i, _j, _i, _j), Nest(p, q, p, _n)));
    }

    [Fact]
    public void Symbolic_bounds_follow_the_ranges()
    {
        var ranges = new Dictionary<Var, (Expr, Expr)> { [_i] = (Expr.Index(0), _n - 1), [_j] = (_i, _i + 3) };
        var (low, high) = Bounds.Of(_j * 2 - _i, ranges);
        Assert.Equal(("0 - (n - 1)", "(n - 1 + 3) * 2"), (low!.ToString(), high!.ToString()));
        Assert.Equal((null, null), Bounds.Of(new Binary(BinaryOp.Mod, _i, _n), ranges));
        Assert.Equal("6", Bounds.Of(Expr.Max(_n % 7, Expr.Index(2)), ranges).Max!.ToString());
    }
}
