using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Undoes the split of a loop into vectors, for a backend whose own compiler makes vectors and wants a long loop:
/// <code>
/// for io in 0..(n + 31) / 32 { vectorized for ii in 0..32 { if io * 32 + ii &lt; n { S(io * 32 + ii) } } }
///   →  for i in 0..(n + 31) / 32 * 32 lanes 32 { if i &lt; n { S(i) } }
/// </code>
/// Iterations and their order stay. Both variables may occur in <c>io * 32 + ii</c> only, and in no comparison but what guards the whole body, which then ends the loop
/// (<see cref="TrimLoops"/>): others hold for most vectors as a whole, and are worth a version of the body without them (<see cref="SplitInterior"/>). Once those are made, at
/// <see cref="LoopLevel.Flat"/>, any condition may stay, the dimensions of a tile are one row, and so are rows that follow each other.</summary>
public static class JoinLoops
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Joining(module.Level).Visit(f.Body)));

    // Elements of a register tile; a longer loop is no tile.
    private const long MaxTile = 1024;

    private sealed class Joining(LoopLevel level) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var body = Visit(f.Body);
            if (!ReferenceEquals(body, f.Body)) f = f.With(body);
            return Join(f) ?? f;
        }

        private For? Join(For outer)
        {
            if (outer.Kind is LoopKind.Vectorized or LoopKind.Bound or LoopKind.Virtual || outer.Body is not For { Extent: IntImm { Value: > 1 and <= int.MaxValue and var count } } inner || !inner.Min.IsConstant(0)
                || !(inner.Kind is LoopKind.Vectorized || inner.Kind is LoopKind.Serial && (inner.Lanes == count || IsRow(inner)) && LoopSearch.IsInnermost(inner))) return null;
            if (Times(outer.Min, count) is not { } min || Times(outer.Extent, count) is not { } extent) return null;
            var joined = Var.Index(NameOf(outer.Variable.Name, inner.Variable.Name));
            // Copies of a vector are one long vector, whose conditions are those of a vector; everything else runs in order.
            bool isVector = outer.Kind is LoopKind.Unrolled && extent is IntImm;
            if (new Combined(outer.Variable, inner.Variable, count, joined, isVector || level is LoopLevel.Flat).Apply(inner.Body) is not { } body) return null;
            if (inner.Kind is LoopKind.Serial && inner.Lanes != count) return new For(joined, min, extent, LoopKind.Serial, body, null, outer.Origin, inner.Lanes);
            int lanes = extent is IntImm { Value: <= MaxTile and var all } && (isVector || level is LoopLevel.Flat) ? (int)all : (int)count;
            return new For(joined, min, extent, isVector ? LoopKind.Vectorized : LoopKind.Serial, body, null, outer.Origin, isVector ? 1 : lanes);
        }

        // Rows that follow each other in memory are one long row, whose vectors may cross their ends.
        private bool IsRow(For inner) => level is LoopLevel.Flat && inner.Lanes > 1 && inner.Extent is IntImm { Value: var n } && n > inner.Lanes;
    }

    /// <summary>A split names its halves by what was split: <c>jo</c> and <c>ji</c>.</summary>
    private static string NameOf(string outer, string inner)
    {
        int common = outer.Zip(inner).TakeWhile(p => p.First == p.Second).Count();
        return common == 0 || !char.IsLetter(inner[0]) ? inner : inner[..common].TrimEnd('_', '.');
    }

    private static Expr? Times(Expr e, long n) => e switch
    {
        Binary { Op: BinaryOp.Min or BinaryOp.Max } b => Times(b.Left, n) is { } left && Times(b.Right, n) is { } right ? Expr.Make(b.Op, left, right) : null,
        _ => LinearForm.Of(e)?.Times(n)?.ToExpr(),
    };

    /// <summary>Puts one variable in the place of <c>outer * count + inner</c>.</summary>
    private sealed class Combined(Var outer, Var inner, long count, Var joined, bool anyCondition) : SharingRewriter
    {
        private bool _fails;

        public Stmt? Apply(Stmt body)
        {
            var result = body is If { Else: null } guard ? new If(Guard(guard.Condition), Visit(guard.Then), null, guard.Origin) : Visit(body);
            return _fails ? null : result;
        }

        private Expr Guard(Expr e) => e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Expr.And(Guard(b.Left), Guard(b.Right))
            : e is Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } c && c.Left.Type == IrType.Index ? new Binary(c.Op, Visit(c.Left), Visit(c.Right)) : Visit(e);

        protected override Expr VisitVar(Var v)
        {
            _fails |= ReferenceEquals(v, outer) || ReferenceEquals(v, inner);
            return v;
        }

        public override Expr Visit(Expr e)
        {
            if (_fails || e is IntImm or FloatImm) return e;
            if (e.Type != IrType.Index || e is not (Binary { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul } or Unary { Op: UnaryOp.Neg }) || !UsesEither(e)) return base.Visit(e);
            // Inside atoms they are met again.
            var form = LinearForm.Of(e, atom => atom is Var ? atom : base.Visit(atom));
            long k = form?.CoefficientOf(inner) ?? 0;
            var result = form is not null && (Int128)k * count == form.CoefficientOf(outer) ? form.Replace(outer, LinearForm.Of(0))?.Replace(inner, LinearForm.Of(joined)!) : null;
            _fails |= result is null;
            return result?.ToExpr() ?? e;
        }

        protected override Expr VisitBinary(Binary b)
        {
            _fails |= !anyCondition && (b.Op.IsComparison || b.Op is BinaryOp.Min or BinaryOp.Max) && (UsesEither(b.Left) || UsesEither(b.Right));
            return base.VisitBinary(b);
        }

        private bool UsesEither(Expr e) => e.Type == IrType.Index && e.UsesAny(v => ReferenceEquals(v, outer) || ReferenceEquals(v, inner));
    }
}
