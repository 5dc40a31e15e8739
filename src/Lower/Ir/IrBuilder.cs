using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Builds expressions: <c>i * 8 + j</c>, <c>Expr.Min(a, b)</c>, <c>Expr.Index(5)</c>. Constants are folded and the bit-exact identities
/// <c>x + 0</c>, <c>x * 1</c>, <c>x * 0</c> of integers are taken; anything more is the simplifier's. A scalar operand is broadcast to a vector one.</summary>
public static class IrBuilder
{
    extension(Expr)
    {
        /// <summary>An index constant.</summary>
        public static Expr Index(long value) => IntImm.Index(value);
        public static Expr True => IntImm.Bool(true);
        public static Expr False => IntImm.Bool(false);

        /// <summary>The constant of a value; an <see cref="ElementType.Int"/> becomes an <see cref="ElementType.I64"/>.</summary>
        public static Expr Constant(Scalar value)
        {
            var type = value.Type is ElementType.Int ? ElementType.I64 : value.Type;
            return type.IsFloat ? new FloatImm(type, value.Real) : new IntImm(type, value.Integer);
        }

        /// <summary>0 of a type, in as many lanes.</summary>
        public static Expr Zero(IrType type) => Expr.Splat(Expr.Constant(type.Element.IsFloat ? Scalar.Of(type.Element, 0.0) : Scalar.Of(type.Element, 0L)), type.Lanes);

        /// <summary>One value in <paramref name="lanes"/> lanes; a value that has them already stays itself.</summary>
        public static Expr Splat(Expr value, int lanes) => value.Type.Lanes == lanes ? value : new Broadcast(value, lanes);

        public static Expr operator +(Expr a, Expr b) => Make(BinaryOp.Add, a, b);
        public static Expr operator +(Expr a, long b) => Make(BinaryOp.Add, a, Like(a, b));
        public static Expr operator +(long a, Expr b) => Make(BinaryOp.Add, Like(b, a), b);
        public static Expr operator -(Expr a, Expr b) => Make(BinaryOp.Sub, a, b);
        public static Expr operator -(Expr a, long b) => Make(BinaryOp.Sub, a, Like(a, b));
        public static Expr operator -(long a, Expr b) => Make(BinaryOp.Sub, Like(b, a), b);
        public static Expr operator *(Expr a, Expr b) => Make(BinaryOp.Mul, a, b);
        public static Expr operator *(Expr a, long b) => Make(BinaryOp.Mul, a, Like(a, b));
        public static Expr operator *(long a, Expr b) => Make(BinaryOp.Mul, Like(b, a), b);
        /// <summary>Floor division of integers, plain division of floats.</summary>
        public static Expr operator /(Expr a, Expr b) => Make(BinaryOp.Div, a, b);
        public static Expr operator /(Expr a, long b) => Make(BinaryOp.Div, a, Like(a, b));
        public static Expr operator %(Expr a, Expr b) => Make(BinaryOp.Mod, a, b);
        public static Expr operator %(Expr a, long b) => Make(BinaryOp.Mod, a, Like(a, b));
        public static Expr operator <(Expr a, Expr b) => Make(BinaryOp.Lt, a, b);
        public static Expr operator <(Expr a, long b) => Make(BinaryOp.Lt, a, Like(a, b));
        public static Expr operator <=(Expr a, Expr b) => Make(BinaryOp.Le, a, b);
        public static Expr operator <=(Expr a, long b) => Make(BinaryOp.Le, a, Like(a, b));
        public static Expr operator >(Expr a, Expr b) => Make(BinaryOp.Gt, a, b);
        public static Expr operator >(Expr a, long b) => Make(BinaryOp.Gt, a, Like(a, b));
        public static Expr operator >=(Expr a, Expr b) => Make(BinaryOp.Ge, a, b);
        public static Expr operator >=(Expr a, long b) => Make(BinaryOp.Ge, a, Like(a, b));
        public static Expr operator -(Expr a) => Make(UnaryOp.Neg, a);

        public static Expr Eq(Expr a, Expr b) => Make(BinaryOp.Eq, a, b);
        public static Expr Ne(Expr a, Expr b) => Make(BinaryOp.Ne, a, b);
        public static Expr Min(Expr a, Expr b) => Make(BinaryOp.Min, a, b);
        public static Expr Max(Expr a, Expr b) => Make(BinaryOp.Max, a, b);
        /// <summary>Logical on bool, bitwise on integers; both sides are evaluated.</summary>
        public static Expr And(Expr a, Expr b) => Make(BinaryOp.And, a, b);
        public static Expr Or(Expr a, Expr b) => Make(BinaryOp.Or, a, b);
        public static Expr Not(Expr a) => Make(UnaryOp.Not, a);

        /// <summary>All of <paramref name="conditions"/>; true when there are none.</summary>
        public static Expr All(params IEnumerable<Expr> conditions) => conditions.Aggregate((Expr?)null, (a, c) => a is null ? c : Make(BinaryOp.And, a, c)) ?? IntImm.Bool(true);

        /// <summary>⌈a / b⌉ for a positive <paramref name="b"/>.</summary>
        public static Expr CeilDiv(Expr a, Expr b) =>
            a is IntImm x && b is IntImm { Value: > 0 } y
                ? IntImm.Index(ScalarMath.FloorDiv(x.Value, y.Value) + (ScalarMath.FloorMod(x.Value, y.Value) == 0 ? 0 : 1))
                : Make(BinaryOp.Div, Make(BinaryOp.Add, a, Make(BinaryOp.Sub, b, Like(b, 1))), b);

        public static Expr CeilDiv(Expr a, long b) => Expr.CeilDiv(a, IntImm.Index(b));

        /// <summary>Lane by lane; a constant condition takes its side.</summary>
        public static Expr If(Expr condition, Expr then, Expr @else)
        {
            int lanes = Math.Max(condition.Type.Lanes, Math.Max(then.Type.Lanes, @else.Type.Lanes));
            if (condition.TryGetConstant(out var c)) return Expr.Splat(c.IsTrue ? then : @else, lanes);
            return new Select(Expr.Splat(condition, lanes), Expr.Splat(then, lanes), Expr.Splat(@else, lanes));
        }

        /// <summary>Changes the element type; the same type needs no cast.</summary>
        public static Expr Convert(Expr e, ElementType to, CastKind kind = CastKind.Convert) =>
            e.Type.Element == to ? e
            : e.TryGetConstant(out var value) ? Expr.Splat(Expr.Constant(ScalarMath.Cast(kind, to, value)), e.Type.Lanes)
            : new Cast(kind, e.Type.WithElement(to), e);

        /// <summary>Any operator, folded where both operands are constants (never an integer division by zero).</summary>
        public static Expr Make(BinaryOp op, Expr a, Expr b)
        {
            int lanes = Math.Max(a.Type.Lanes, b.Type.Lanes);
            bool constantA = a.TryGetConstant(out var x), constantB = b.TryGetConstant(out var y);
            if (constantA && constantB && TryFold(op, x, y, out var folded)) return Expr.Splat(Expr.Constant(folded), lanes);
            if (Identity(op, a, constantA ? x : null, b, constantB ? y : null) is { } same) return Expr.Splat(same, lanes);
            return new Binary(op, Expr.Splat(a, lanes), Expr.Splat(b, lanes));
        }

        public static Expr Make(UnaryOp op, Expr a) =>
            a.TryGetConstant(out var x) ? Expr.Splat(Expr.Constant(ScalarMath.Apply(op, x)), a.Type.Lanes)
            : op is UnaryOp.Not && a is Unary { Op: UnaryOp.Not } inner ? inner.Operand
            : new Unary(op, a);

        public static Expr Make(Intrinsic f, params ImmutableArray<Expr> arguments)
        {
            var values = new Scalar[arguments.Length];
            for (int i = 0; i < values.Length; i++)
                if (!arguments[i].TryGetConstant(out values[i])) return new Call(f, arguments);
            return Expr.Splat(Expr.Constant(ScalarMath.Apply(f, values)), arguments[0].Type.Lanes);
        }
    }

    extension(Expr e)
    {
        /// <summary>The value of a constant, or of the lanes of a broadcast one.</summary>
        public bool TryGetConstant(out Scalar value)
        {
            switch (e)
            {
                case IntImm i: value = Scalar.Of(i.Type.Element, i.Value); return true;
                case FloatImm f: value = Scalar.Of(f.Type.Element, f.Value); return true;
                case Broadcast b: return b.Value.TryGetConstant(out value);
                default: value = default; return false;
            }
        }

        public bool IsConstant(long value) => e is IntImm i ? i.Value == value : e is Broadcast b && b.Value.IsConstant(value);
        public bool IsTrue => e.Type.Element is ElementType.Bool && e.IsConstant(1);
        public bool IsFalse => e.Type.Element is ElementType.Bool && e.IsConstant(0);
    }

    /// <summary>Folds an operator; false for an integer division by zero.</summary>
    internal static bool TryFold(BinaryOp op, Scalar x, Scalar y, out Scalar value)
    {
        value = default;
        if (op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod && !x.Type.IsFloat && y.Integer == 0) return false;
        value = ScalarMath.Apply(op, x, y);
        return true;
    }

    private static Expr Like(Expr e, long value) =>
        e.Type.Element.IsFloat ? new FloatImm(e.Type.Element, Scalar.Of(e.Type.Element, (double)value).Real) : new IntImm(e.Type.Element, Scalar.Of(e.Type.Element, value).Integer);

    // Identities that hold for every bit pattern of integers and bools; of floats only x * 1 and x - 0, since x + 0 turns -0 into 0.
    private static Expr? Identity(BinaryOp op, Expr a, Scalar? x, Expr b, Scalar? y)
    {
        var type = a.Type.Element;
        if (type.IsFloat)
            return y is { } f && (op is BinaryOp.Mul or BinaryOp.Div && f.Real == 1 || op is BinaryOp.Sub && BitConverter.DoubleToInt64Bits(f.Real) == 0) ? a
                : x is { Real: 1 } && op is BinaryOp.Mul ? b : null;
        bool isBool = type is ElementType.Bool;
        long? l = x?.Integer, r = y?.Integer;
        return op switch
        {
            BinaryOp.Add => r == 0 ? a : l == 0 ? b : null,
            BinaryOp.Sub => r == 0 ? a : null,
            BinaryOp.Mul => r == 1 || l == 0 ? a : l == 1 || r == 0 ? b : null,
            BinaryOp.Div or BinaryOp.TruncDiv => r == 1 ? a : null,
            BinaryOp.Mod or BinaryOp.TruncMod => r == 1 ? Expr.Zero(a.Type) : null,
            BinaryOp.And => isBool ? r == 1 || l == 0 ? a : l == 1 || r == 0 ? b : null : r == 0 ? b : l == 0 ? a : null,
            BinaryOp.Or => isBool ? r == 0 || l == 1 ? a : l == 0 || r == 1 ? b : null : r == 0 ? a : l == 0 ? b : null,
            BinaryOp.Xor or BinaryOp.Shl or BinaryOp.Shr => r == 0 ? a : null,
            _ => null,
        };
    }
}
