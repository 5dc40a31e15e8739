using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

// Operators mean what ScalarMath says, bit for bit; a NaN's payload is left open.
internal sealed partial class FunctionEmitter
{
    private Value EvaluateBinary(Binary b)
    {
        if (b.Op.IsComparison && TryRangeMask(b) is { } mask) return mask;
        var (x, y) = (Evaluate(b.Left), Evaluate(b.Right));
        var t = x.Type.Element;
        if (b.Op.IsComparison) return Compare(b.Op, x, y);
        if (t.IsFloat) return FloatBinary(b, x, y);
        if (t is ElementType.Bool) return BoolBinary(b.Op, x, y);
        return b.Op switch
        {
            BinaryOp.Add => Integer("add", x, y),
            BinaryOp.Sub => Integer("sub", x, y),
            BinaryOp.Mul => Integer("mul", x, y),
            BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod => Divide(b.Op, x, y, b.Right.TryGetConstant(out var c) ? c.Integer : null),
            BinaryOp.Min => Intrinsic2(t.IsSigned ? "smin" : "umin", x, y),
            BinaryOp.Max => Intrinsic2(t.IsSigned ? "smax" : "umax", x, y),
            BinaryOp.And => Integer("and", x, y),
            BinaryOp.Or => Integer("or", x, y),
            BinaryOp.Xor => Integer("xor", x, y),
            BinaryOp.Shl or BinaryOp.Shr => Shift(b.Op, x, y, b.Right.TryGetConstant(out var n) ? n.Integer : null),
            _ => throw Bug($"`{b.Op.Symbol}` of `{t.Name}`"),
        };
    }

    private Value Integer(string instruction, Value x, Value y) => writer.Assign(x.Type, $"{instruction} {x}, {y.Text}");

    private Value Integer(string instruction, Value x, long y) => Integer(instruction, x, Like(x, y));

    /// <summary>A constant of the same type.</summary>
    private static Value Like(Value x, long y) => LlvmText.Splat(LlvmText.Constant(x.Type.Element, y), x.Type.Lanes);

    private static Value Like(Value x, double y) => LlvmText.Splat(LlvmText.Constant(x.Type.Element, y), x.Type.Lanes);

    private Value Test(string predicate, Value x, Value y) =>
        writer.Assign(x.Type.WithElement(ElementType.Bool), $"{(x.Type.Element.IsFloat ? "fcmp" : "icmp")} {predicate} {x}, {y.Text}");

    private Value Test(string predicate, Value x, long y) => Test(predicate, x, Like(x, y));

    private Value Intrinsic2(string intrinsic, Value x, Value y) =>
        writer.Assign(x.Type, $"call {LlvmText.TypeOf(x.Type)} @llvm.{intrinsic}.{LlvmText.SuffixOf(x.Type)}({x}, {y})");

    private Value Compare(BinaryOp op, Value x, Value y)
    {
        var t = x.Type.Element;
        string order = t.IsFloat ? "o" : t.IsSigned ? "s" : "u";
        return Test(op switch
        {
            BinaryOp.Eq => t.IsFloat ? "oeq" : "eq",
            BinaryOp.Ne => t.IsFloat ? "une" : "ne",
            BinaryOp.Lt => order + "lt",
            BinaryOp.Le => order + "le",
            BinaryOp.Gt => order + "gt",
            _ => order + "ge",
        }, x, y);
    }

    private Value BoolBinary(BinaryOp op, Value x, Value y) => op switch
    {
        BinaryOp.And or BinaryOp.Min or BinaryOp.Mul => Integer("and", x, y),
        BinaryOp.Or or BinaryOp.Max or BinaryOp.Add => Integer("or", x, y),
        BinaryOp.Xor or BinaryOp.Sub => Integer("xor", x, y),
        _ => throw Bug($"`{op.Symbol}` of `bool`"),
    };

    private Value FloatBinary(Binary b, Value x, Value y)
    {
        switch (b.Op)
        {
            case BinaryOp.Add: return Integer("fadd", x, y);
            case BinaryOp.Sub: return Integer("fsub", x, y);
            case BinaryOp.Mul: return Integer("fmul", x, y);
            case BinaryOp.Div: return Integer("fdiv", x, y);
            case BinaryOp.Min or BinaryOp.Max:
                return FloatMinMax(b.Op, x, y, IsNumber(b.Left), IsNumber(b.Right));
            case BinaryOp.Mod:
            {
                var rest = Integer("frem", x, y);
                var zero = Like(x, 0.0);
                var differs = Integer("xor", Test("olt", rest, zero), Test("olt", y, zero));
                return Choose(Integer("and", Test("une", rest, zero), differs), Integer("fadd", rest, y), rest);
            }
            // In double: the rounded quotient of two floats may be an integer that the exact one does not reach.
            case BinaryOp.TruncDiv:
            {
                var wide = x.Type.WithElement(ElementType.F64);
                return FloatResize(Intrinsic1("trunc", Integer("fdiv", FloatResize(x, wide), FloatResize(y, wide))), x.Type);
            }
            case BinaryOp.TruncMod: return Integer("frem", x, y);
            default: throw Bug($"`{b.Op.Symbol}` of `{x.Type.Element.Name}`");
        }
    }

    private static bool IsNumber(Expr e) => e.TryGetConstant(out var c) && !double.IsNaN(c.Real);

    private Value FloatMinMax(BinaryOp op, Value x, Value y) => FloatMinMax(op, x, y, false, false);

    /// <summary>The larger or smaller value: <paramref name="x"/> where they are equal, NaN where one is. The inner choice is one x86 instruction, the NaN test of
    /// <paramref name="y"/> a second and a third.</summary>
    private Value FloatMinMax(BinaryOp op, Value x, Value y, bool xIsNumber, bool yIsNumber)
    {
        string better = op is BinaryOp.Max ? "gt" : "lt";
        if (xIsNumber && !yIsNumber) return Choose(Test("u" + better, y, x), y, x);
        var best = Choose(Test("o" + better, y, x), y, x);
        return yIsNumber ? best : Choose(Test("uno", y, y), y, best);
    }

    /// <summary>Division of integers. Neither 0 nor the lowest value by −1 may reach LLVM's instruction, which would stop the process; the first cannot happen where
    /// the result is used.</summary>
    private Value Divide(BinaryOp op, Value x, Value y, long? constant)
    {
        bool isDiv = op is BinaryOp.Div or BinaryOp.TruncDiv, isFloor = op is BinaryOp.Div or BinaryOp.Mod;
        if (!x.Type.Element.IsSigned)
        {
            var divisor = constant is not (null or 0) ? y : Choose(Test("eq", y, 0), Like(y, 1), y);
            return Integer(isDiv ? "udiv" : "urem", x, divisor);
        }
        if (constant is > 0)
        {
            if (isFloor && long.IsPow2(constant.Value))
                return isDiv ? Integer("ashr", x, long.Log2(constant.Value)) : Integer("and", x, constant.Value - 1);
            if (isDiv && !isFloor) return Integer("sdiv", x, y);
            var rest = Integer("srem", x, y);
            if (!isFloor) return rest;
            var below = Integer("ashr", rest, x.Type.Element.Bits - 1);
            return isDiv ? Integer("add", Integer("sdiv", x, y), below) : Integer("add", rest, Integer("and", below, y));
        }
        var minusOne = Test("eq", y, -1);
        var safe = constant is not (null or 0 or -1) ? y : Choose(Integer("or", Test("eq", y, 0), minusOne), Like(y, 1), y);
        var quotient = Integer("sdiv", x, safe);
        var remainder = Integer("srem", x, safe);
        if (isFloor)
        {
            var differs = Test("slt", Integer("xor", remainder, safe), 0);
            var off = Integer("and", Test("ne", remainder, 0), differs);
            quotient = Choose(off, Integer("sub", quotient, 1), quotient);
            remainder = Choose(off, Integer("add", remainder, safe), remainder);
        }
        // By −1 the safe divisor was 1: the remainder is already 0.
        return isDiv ? Choose(minusOne, Integer("sub", Like(x, 0), x), quotient) : remainder;
    }

    /// <summary>LLVM leaves a shift by the width or more undefined; here all bits are shifted out, to 0 or to the sign; so, too, by a negative amount.</summary>
    private Value Shift(BinaryOp op, Value x, Value y, long? constant)
    {
        int width = x.Type.Element.Bits;
        bool arithmetic = op is BinaryOp.Shr && x.Type.Element.IsSigned;
        string instruction = op is BinaryOp.Shl ? "shl" : arithmetic ? "ashr" : "lshr";
        if (constant >= 0 && constant < width) return Integer(instruction, x, y);
        // A negative amount is a large unsigned one.
        if (arithmetic) return Integer(instruction, x, Intrinsic2("umin", y, Like(y, width - 1)));
        var inside = Test("ult", y, width);
        return Choose(inside, Integer(instruction, x, Choose(inside, y, Like(y, 0))), Like(x, 0));
    }

    /// <summary>A tail's mask, <c>base + 0..lanes &lt; limit</c>, from one scalar subtraction and a comparison of small constants: comparing whole indices would
    /// take several vectors of 64 bits.</summary>
    private Value? TryRangeMask(Binary b)
    {
        if (b is not { Op: BinaryOp.Lt or BinaryOp.Le, Left: Ramp { Stride: IntImm { Value: 1 } } ramp, Right: Broadcast limit } || ramp.Type.Element is not ElementType.I64)
            return null;
        int lanes = ramp.Type.Lanes;
        if (lanes == 1) return null;
        // Saturating: a limit from data may be anything.
        var left = Intrinsic2("ssub.sat", Evaluate(limit.Value), Evaluate(ramp.Base));
        if (b.Op is BinaryOp.Le) left = Intrinsic2("sadd.sat", left, LlvmText.Index(1));
        var bounded = Intrinsic2("smax", Intrinsic2("smin", left, LlvmText.Index(lanes)), LlvmText.Index(0));
        var narrow = writer.Assign(new(ElementType.I32), $"trunc {bounded} to i32");
        return Test("slt", LlvmText.Steps(new(ElementType.I32, lanes), 0, 1), Splat(narrow, lanes));
    }
}
