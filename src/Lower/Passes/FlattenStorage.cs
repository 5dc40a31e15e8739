using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Replaces the logical indices of every load and store by one index in elements: row-major over the shape, or over the physical shape of the
/// buffer's layout, or by the strides that a call gives (<see cref="LoopFunction.Strides"/>). An index that is consecutive in the lanes stays a <see cref="Ramp"/> of stride 1; anything else becomes a vector of indices.</summary>
public static class FlattenStorage
{
    public static LoopModule Run(LoopModule module) =>
        module.Level >= LoopLevel.Flat ? module : module.Map(f => f.With(new Flattening(f.Strides).Visit(f.Body)), LoopLevel.Flat);

    /// <summary>The index in elements that a load or store has in the end.</summary>
    internal static Expr IndexOf(Buffer buffer, ImmutableArray<Expr> indices) => new Flattening([]).Flat(buffer, indices);

    private sealed class Flattening(ImmutableArray<(Var Variable, Buffer Buffer, int Dimension)> given) : SharingRewriter
    {
        private readonly Dictionary<Buffer, ImmutableArray<Expr>> _strides = [];

        protected override Expr VisitLoad(Load l) =>
            new Load(l.Buffer, [Flat(l.Buffer, VisitAll(l.Indices))], l.Predicate is null ? null : Visit(l.Predicate));

        protected override Stmt VisitStore(Store s) =>
            new Store(s.Buffer, [Flat(s.Buffer, VisitAll(s.Indices))], Visit(s.Value), s.Predicate is null ? null : Visit(s.Predicate), s.NonTemporal, s.Origin);

        protected override InstructionEmission VisitEmission(InstructionEmission e) =>
            new([.. e.Operations.Select(o => o with { Arguments = VisitArguments(o.Arguments) })], e.Features, e.Target, [Flat(e.Target, VisitAll(e.Indices))]);

        protected override Stmt VisitEffect(Effect x) =>
            x.Kind is EffectKind.Prefetch ? new Effect(x.Kind, x.Name, x.Buffers, [Flat(x.Buffers[0], VisitAll(x.Arguments))], x.Origin) : base.VisitEffect(x);

        /// <summary>One index in elements.</summary>
        public Expr Flat(Buffer buffer, ImmutableArray<Expr> indices)
        {
            if (buffer.Layout is { } layout)
            {
                var physical = new LayoutIndex(layout, indices);
                indices = [.. layout.PhysicalIndices.Select(physical.Visit)];
            }
            if (!_strides.TryGetValue(buffer, out var strides)) _strides.Add(buffer, strides = Strides(buffer));
            return LaneFunction.TryMap(indices, lane => Sum(lane, strides)) ?? Sum(indices, strides);
        }

        private static Expr Sum(ImmutableArray<Expr> indices, ImmutableArray<Expr> strides)
        {
            var flat = Expr.Index(0);
            for (int d = 0; d < indices.Length; d++) flat = LaneMath.Add(flat, LaneMath.Mul(indices[d], strides[d]));
            return flat;
        }

        private ImmutableArray<Expr> Strides(Buffer buffer)
        {
            var shape = buffer.Layout?.PhysicalShape ?? buffer.Shape;
            var strides = new Expr[shape.Length];
            var stride = Expr.Index(1);
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                strides[d] = stride;
                stride = shape[d] * stride;
            }
            // Where the last dimension's stride is not given, it is 1.
            foreach (var (variable, strided, dimension) in given)
                if (ReferenceEquals(strided, buffer)) strides[dimension] = variable;
            return [.. strides];
        }
    }

    // Puts indices, of which some may be vectors, in the place of a layout's axes.
    private sealed class LayoutIndex(BufferLayout layout, ImmutableArray<Expr> indices) : Rewriter
    {
        protected override Expr VisitVar(Var v) => layout.Axes.IndexOf(v) is >= 0 and var axis ? indices[axis] : v;
        protected override Expr VisitBinary(Binary b) => LaneMath.Make(b.Op, Visit(b.Left), Visit(b.Right));
        protected override Expr VisitUnary(Unary u) => Expr.Make(u.Op, Visit(u.Operand));
    }
}
