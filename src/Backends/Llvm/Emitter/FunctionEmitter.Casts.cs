using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    private Value EvaluateCast(Cast c)
    {
        var x = Evaluate(c.Operand);
        var (from, to) = (x.Type.Element, c.Type.Element);
        return c.Kind switch
        {
            CastKind.Bits => CastBits(x, c.Type),
            CastKind.Saturate when !from.IsFloat && !to.IsFloat => Saturate(x, c.Type),
            _ => ConvertTo(x, c.Type),
        };
    }

    private Value CastBits(Value x, IrType to)
    {
        if (x.Type.Element is ElementType.Bool || to.Element is ElementType.Bool) return ConvertTo(x, to);
        return x.Type.Element.IsFloat == to.Element.IsFloat ? x with { Type = to } : writer.Assign(to, $"bitcast {x} to {LlvmText.TypeOf(to)}");
    }

    private Value ConvertTo(Value x, IrType to)
    {
        var (f, t) = (x.Type.Element, to.Element);
        if (f == t) return x;
        if (t is ElementType.Bool) return f.IsFloat ? Test("une", x, Like(x, 0.0)) : Test("ne", x, 0);
        if (f.IsFloat)
            return t.IsFloat ? FloatResize(x, to)
                // Truncates, saturates, and gives 0 for NaN.
                : writer.Assign(to, $"call {LlvmText.TypeOf(to)} @llvm.fpto{(t.IsSigned ? "s" : "u")}i.sat.{LlvmText.SuffixOf(to)}.{LlvmText.SuffixOf(x.Type)}({x})");
        if (t.IsFloat) return writer.Assign(to, $"{(f.IsSigned ? "si" : "ui")}tofp {x} to {LlvmText.TypeOf(to)}");
        return IntegerResize(x, to);
    }

    private Value FloatResize(Value x, IrType to) =>
        x.Type.Element == to.Element ? x
        : writer.Assign(to, $"{(x.Type.Element.Bits < to.Element.Bits ? "fpext" : "fptrunc")} {x} to {LlvmText.TypeOf(to)}");

    private Value IntegerResize(Value x, IrType to)
    {
        int from = x.Type.Element is ElementType.Bool ? 1 : x.Type.Element.Bits, bits = to.Element.Bits;
        return from == bits ? x with { Type = to }
            : writer.Assign(to, $"{(from > bits ? "trunc" : x.Type.Element.IsSigned ? "sext" : "zext")} {x} to {LlvmText.TypeOf(to)}");
    }

    /// <summary>Clamps in the type that the value has, where every bound that matters can be written.</summary>
    private Value Saturate(Value x, IrType to)
    {
        var (f, t) = (x.Type.Element, to.Element);
        if (f == t || f is ElementType.Bool) return ConvertTo(x, to);
        if (t is ElementType.Bool) return Test(f.IsSigned ? "sgt" : "ne", x, 0);
        if (f.IsSigned && t.MinValue > f.MinValue) x = Intrinsic2("smax", x, Like(x, (long)t.MinValue));
        if (t.MaxValue < f.MaxValue) x = Intrinsic2(f.IsSigned ? "smin" : "umin", x, Like(x, (long)t.MaxValue));
        return IntegerResize(x, to);
    }
}
