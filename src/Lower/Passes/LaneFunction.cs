using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Lower.Passes;

/// <summary>Computes with vectors of indices as scalar functions of the lane, where the rules of the simplifier see more: <c>j / 28 * 28 + j % 28</c> is
/// <c>j</c>, and over lanes a <see cref="Ramp"/> again.</summary>
internal static class LaneFunction
{
    /// <summary>Applies <paramref name="scalar"/> to the indices of one lane. Null where they are scalars, or are no functions of the lane alone.</summary>
    public static Expr? TryMap(ImmutableArray<Expr> indices, Func<ImmutableArray<Expr>, Expr> scalar)
    {
        // Ramps and broadcasts add up as they are.
        if (!indices.Any(i => i.Type.Lanes > 1 && i is not (Ramp or Broadcast))) return null;
        int lanes = Load.LanesOf(indices);
        var lane = Var.Index("lane");
        var toScalar = new ToScalar(lane);
        indices = [.. indices.Select(toScalar.Visit)];
        if (toScalar.Failed) return null;
        var context = new RangeContext();
        context.Bind(lane, new(0, lanes - 1));
        var flat = Simplifier.Simplify(scalar(indices), context);
        return Expr.Splat(new ToVector(lane, lanes).Visit(flat), lanes);
    }

    private sealed class ToScalar(Var lane) : SharingRewriter
    {
        public bool Failed { get; private set; }

        public override Expr Visit(Expr e)
        {
            if (e.Type.Lanes == 1) return e;
            switch (e)
            {
                case Ramp r: return r.Base + Expr.Convert(lane, r.Base.Type.Element) * r.Stride;
                case Broadcast b: return b.Value;
                case Binary or Unary or Select or Cast: return base.Visit(e);
                default: Failed = true; return e;
            }
        }

        protected override Expr VisitCast(Cast c) => new Cast(c.Kind, c.Type.WithLanes(1), Visit(c.Operand));
    }

    private sealed class ToVector(Var lane, int lanes) : SharingRewriter
    {
        protected override Expr VisitVar(Var v) => ReferenceEquals(v, lane) ? new Ramp(Expr.Index(0), Expr.Index(1), lanes) : v;
        protected override Expr VisitBinary(Binary b) => LaneMath.Make(b.Op, Visit(b.Left), Visit(b.Right));
        protected override Expr VisitUnary(Unary u) => Expr.Make(u.Op, Visit(u.Operand));
        protected override Expr VisitSelect(Select s) => Expr.If(Visit(s.Condition), Visit(s.Then), Visit(s.Else));
        protected override Expr VisitCast(Cast c) => Visit(c.Operand) is var x && ReferenceEquals(x, c.Operand) ? c : new Cast(c.Kind, c.Type.WithLanes(x.Type.Lanes), x);
    }
}
