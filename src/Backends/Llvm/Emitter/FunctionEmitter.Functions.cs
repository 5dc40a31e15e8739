using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    private Value EvaluateUnary(Unary u)
    {
        var x = Evaluate(u.Operand);
        return u.Op switch
        {
            UnaryOp.Neg => x.Type.Element.IsFloat ? writer.Assign(x.Type, $"fneg {x}") : Integer("sub", Like(x, 0), x),
            UnaryOp.Not => Integer("xor", x, 1),
            UnaryOp.BitNot => Integer("xor", x, -1),
        };
    }

    private Value EvaluateCall(Call c)
    {
        var arguments = c.Arguments.Select(Evaluate).ToArray();
        var x = arguments[0];
        var t = x.Type.Element;
        if (!t.IsFloat) return IntegerCall(c.Function, arguments);
        return c.Function switch
        {
            Intrinsic.Abs => Intrinsic1("fabs", x),
            Intrinsic.Floor => Intrinsic1("floor", x),
            Intrinsic.Ceil => Intrinsic1("ceil", x),
            Intrinsic.Round => Intrinsic1("roundeven", x),
            Intrinsic.Trunc => Intrinsic1("trunc", x),
            Intrinsic.Sqrt => Intrinsic1("sqrt", x),
            Intrinsic.Fma => writer.Assign(x.Type, $"call {LlvmText.TypeOf(x.Type)} @llvm.fma.{LlvmText.SuffixOf(x.Type)}({x}, {arguments[1]}, {arguments[2]})"),
            Intrinsic.IsNan => Test("uno", x, x),
            // All others are arithmetic since the pass that lowers functions.
            Intrinsic.Exp or Intrinsic.Exp2 or Intrinsic.Log or Intrinsic.Log2 or Intrinsic.Tanh or Intrinsic.Erf or Intrinsic.Sin or Intrinsic.Cos or Intrinsic.Pow
                when t is ElementType.F64 => LibraryCall(c.Function.Name, arguments),
            _ => throw Bug($"`{c.Function.Name}` of `{t.Name}`"),
        };
    }

    private Value IntegerCall(Intrinsic f, Value[] arguments)
    {
        var x = arguments[0];
        var t = x.Type.Element;
        return f switch
        {
            Intrinsic.Abs => t.IsSigned ? writer.Assign(x.Type, $"call {LlvmText.TypeOf(x.Type)} @llvm.abs.{LlvmText.SuffixOf(x.Type)}({x}, i1 false)") : x,
            Intrinsic.Popcount => t is ElementType.Bool ? x : Intrinsic1("ctpop", x),
            Intrinsic.Fma => Integer("add", Integer("mul", x, arguments[1]), arguments[2]),
            Intrinsic.IsNan => LlvmText.Splat(LlvmText.Constant(ElementType.Bool, 0L), x.Type.Lanes),
            _ => throw Bug($"`{f.Name}` of `{t.Name}`"),
        };
    }

    private Value Intrinsic1(string intrinsic, Value x) =>
        writer.Assign(x.Type, $"call {LlvmText.TypeOf(x.Type)} @llvm.{intrinsic}.{LlvmText.SuffixOf(x.Type)}({x})");

    /// <summary>A function of the C mathematics library on <c>f64</c>, lane by lane.</summary>
    private Value LibraryCall(string function, params Value[] arguments)
    {
        var type = arguments[0].Type;
        string scalar = LlvmText.TypeOf(type.WithLanes(1));
        module.Declare($"declare {scalar} @{function}({string.Join(", ", arguments.Select(_ => scalar))}) #0");
        Value Apply(IEnumerable<Value> values) => writer.Assign(type.WithLanes(1), $"call {scalar} @{function}({string.Join(", ", values)})");
        return type.IsVector ? Gather(type, lane => Apply(arguments.Select(a => Lane(a, lane)).ToArray())) : Apply(arguments);
    }
}
