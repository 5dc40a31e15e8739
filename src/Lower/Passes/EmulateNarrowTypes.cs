using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Holds values of types that machines do not compute with in a wider one (<c>ElementType.Carrier</c>): the small floats in <c>f32</c>, rounded after
/// each operation, the packed integers in <c>i8</c> or <c>u8</c>, wrapped after each. Buffers of small floats keep their two bytes an element: all that
/// is left to a backend are loads and stores of them, their bits, and <c>f16</c> from and to <c>f32</c> where the machine converts.</summary>
/// <remarks><c>+ - * /</c> and square roots of two small floats, rounded to <c>f32</c> and again, are rounded correctly: 24 digits are at least twice 11 and two more.</remarks>
public static class EmulateNarrowTypes
{
    public static LoopModule Run(LoopModule module, CpuTarget target) => Run(module, target.ConvertsHalf);

    /// <summary>For a language without half floats: all that is left of them are their bits.</summary>
    public static LoopModule RunWithoutConversions(LoopModule module) => Run(module, convertsHalf: false);

    private static LoopModule Run(LoopModule module, bool convertsHalf) => module.Map(f =>
    {
        var emulation = new Emulation(new(convertsHalf));
        return f.With(emulation.Visit(f.Body), emulation.Buffers(f.Temporaries));
    });

    private sealed class Emulation(SmallFloats floats) : SharingRewriter
    {
        private readonly Dictionary<Var, Var> _variables = [];
        private readonly Dictionary<Buffer, Buffer> _buffers = [];

        public ImmutableArray<Buffer> Buffers(ImmutableArray<Buffer> buffers) => buffers.Any(b => b.Type.IsPacked) ? [.. buffers.Select(VisitBuffer)] : buffers;

        public override Expr Visit(Expr e) => e switch
        {
            IntImm { Type.Element: { IsPacked: true } t } i => new IntImm(t.Carrier, i.Value),
            FloatImm { Type.Element: { IsSmallFloat: true } t } f => new FloatImm(t.Carrier, f.Value),
            _ => base.Visit(e),
        };

        protected override Expr VisitVar(Var v) => _variables.GetValueOrDefault(v, v);

        // Outside of tensors an element of a packed type has a byte.
        protected override Buffer VisitBuffer(Buffer b)
        {
            if (!b.Type.IsPacked) return b;
            if (!_buffers.TryGetValue(b, out var carried))
                _buffers.Add(b, carried = new(b.Name, b.Type.Carrier, VisitAll(b.Shape), b.Role, b.Scope, b.Layout, b.Device, b.Memory));
            return carried;
        }

        protected override Expr VisitBinary(Binary b)
        {
            var (type, result) = (b.Left.Type.Element, base.VisitBinary(b));
            bool isClosed = b.Op.IsComparison || b.Op is BinaryOp.Min or BinaryOp.Max or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor or BinaryOp.Shr;
            return isClosed ? result : Normal(result, type);
        }

        protected override Expr VisitUnary(Unary u)
        {
            var (type, result) = (u.Operand.Type.Element, base.VisitUnary(u));
            return type.IsSmallFloat ? result : Normal(result, type);
        }

        protected override Expr VisitCall(Call c)
        {
            var type = c.Arguments[0].Type.Element;
            if (type.IsPacked && c.Function is Intrinsic.Popcount) return Normal(new Call(c.Function, [Visit(c.Arguments[0]) & Mask(type)]), type);
            var result = base.VisitCall(c);
            bool isClosed = c.Function is Intrinsic.IsNan || type.IsSmallFloat && c.Function is Intrinsic.Abs or Intrinsic.Floor or Intrinsic.Ceil or Intrinsic.Round or Intrinsic.Trunc;
            return isClosed ? result : Normal(result, type);
        }

        protected override Expr VisitRamp(Ramp r) => Normal(base.VisitRamp(r), r.Type.Element);

        protected override Expr VisitLaneReduce(LaneReduce r)
        {
            var result = base.VisitLaneReduce(r);
            return r.Op is BinaryOp.Add or BinaryOp.Mul ? Normal(result, r.Type.Element) : result;
        }

        protected override Expr VisitCast(Cast c)
        {
            var (from, to) = (c.Operand.Type.Element, c.Type.Element);
            if (from.Carrier == from && to.Carrier == to) return base.VisitCast(c);
            var x = Visit(c.Operand);
            if (c.Kind is CastKind.Bits) return FromBits(ToBits(x, from), to);
            if (to.IsSmallFloat) return floats.RoundOnce(x, to);
            if (!to.IsPacked) return Expr.Convert(x, to, c.Kind);
            if (!from.IsFloat && c.Kind is CastKind.Convert) return Normal(Expr.Convert(x, to.Carrier), to);
            // Saturated to a byte first; what is out of a byte's range is out of the type's on the same side.
            x = Expr.Convert(x, to.Carrier, c.Kind);
            return Expr.Min(Expr.Max(x, Limit(x, to.MinValue)), Limit(x, to.MaxValue));
        }

        protected override Expr VisitLoad(Load l)
        {
            var result = base.VisitLoad(l);
            return l.Type.Element.IsSmallFloat ? floats.Decode(result) : result;
        }

        protected override Stmt VisitStore(Store s)
        {
            if (!s.Buffer.Type.IsSmallFloat) return base.VisitStore(s);
            var value = floats.Encode(Visit(s.Value), s.Buffer.Type);
            return new Store(s.Buffer, VisitAll(s.Indices), value, s.Predicate is null ? null : Visit(s.Predicate), s.NonTemporal, s.Origin);
        }

        protected override Expr VisitLet(Let l)
        {
            var value = Visit(l.Value);
            var variable = Bind(l.Variable);
            var body = Visit(l.Body);
            return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) && variable == l.Variable ? l : new Let(variable, value, body);
        }

        protected override Stmt VisitLetStmt(LetStmt l)
        {
            var value = Visit(l.Value);
            var variable = Bind(l.Variable);
            var body = Visit(l.Body);
            return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) && variable == l.Variable ? l : new LetStmt(variable, value, body, l.Origin);
        }

        private Var Bind(Var v)
        {
            if (v.Type.Element.Carrier == v.Type.Element) return v;
            return _variables[v] = new(v.Name, v.Type.WithElement(v.Type.Element.Carrier));
        }

        // The value of the narrow type that a result in its carrier stands for.
        private Expr Normal(Expr e, ElementType type)
        {
            if (type.IsSmallFloat) return floats.Round(e, type);
            if (!type.IsPacked) return e;
            if (!type.IsSigned) return e & Mask(type);
            var unused = Limit(e, 8 - type.Bits);
            return Expr.Make(BinaryOp.Shr, Expr.Make(BinaryOp.Shl, e, unused), unused);
        }

        private Expr ToBits(Expr x, ElementType type) =>
            type.IsSmallFloat ? floats.ToBits(x, type) : type.IsPacked ? Expr.Convert(x, ElementType.U8) & Mask(type) : x;

        private Expr FromBits(Expr bits, ElementType type) =>
            type.IsSmallFloat ? floats.FromBits(Expr.Convert(bits, ElementType.U16, CastKind.Bits), type)
            : type.IsPacked ? Normal(Expr.Convert(bits, type.Carrier), type)
            : Expr.Convert(bits, type, CastKind.Bits);

        private static long Mask(ElementType type) => (1L << type.Bits) - 1;
        private static Expr Limit(Expr like, Int128 value) => Expr.Splat(new IntImm(like.Type.Element, (long)value), like.Type.Lanes);
    }
}
