using System.Diagnostics;
using System.Linq.Expressions;
using Tx.Core;
using Tx.Lower.Ir;
using Linq = System.Linq.Expressions.Expression;

namespace Tx.Tests.Lower.Passes;

/// <summary>Compiles a scalar expression over <c>f32 f64 i32 i64 bool</c> to machine code, for tests that need millions of values. Operators mean what
/// they mean in <see cref="ScalarMath"/>; those that <c>LowerMath</c> does not use are left out.</summary>
internal sealed class CompiledExpr
{
    private readonly Dictionary<Expr, Linq> _done = new(ReferenceEqualityComparer.Instance);
    private readonly List<ParameterExpression> _locals = [];
    private readonly List<Linq> _steps = [];

    public static Func<float, float> Unary(Var x, Expr e) => Compile<Func<float, float>>(e, x);
    public static Func<float, float, float> Binary(Var x, Var y, Expr e) => Compile<Func<float, float, float>>(e, x, y);

    private static T Compile<T>(Expr e, params Var[] parameters) where T : Delegate
    {
        var c = new CompiledExpr();
        var inputs = parameters.Select(p => Linq.Parameter(TypeOf(p.Type.Element), p.Name)).ToArray();
        foreach (var (v, input) in parameters.Zip(inputs)) c._done[v] = input;
        var result = c.Visit(e);
        return Linq.Lambda<T>(Linq.Block(c._locals, [.. c._steps, result]), inputs).Compile();
    }

    private Linq Visit(Expr e)
    {
        if (_done.TryGetValue(e, out var known)) return known;
        if (e is Let let)
        {
            _done[let.Variable] = Visit(let.Value);
            return _done[e] = Visit(let.Body);
        }
        var local = Linq.Variable(TypeOf(e.Type.Element));
        var value = Node(e);
        _locals.Add(local);
        _steps.Add(Linq.Assign(local, value));
        return _done[e] = local;
    }

    private Linq Node(Expr e) => e switch
    {
        IntImm i => Linq.Constant(i.Type.Element switch { ElementType.I32 => (int)i.Value, ElementType.Bool => i.Value != 0, _ => (object)i.Value }),
        FloatImm f => Linq.Constant(f.Type.Element is ElementType.F32 ? (float)f.Value : (object)f.Value),
        Binary b => Operate(b.Op, Visit(b.Left), Visit(b.Right)),
        Tx.Lower.Ir.Unary { Op: UnaryOp.Neg } u => Linq.Negate(Visit(u.Operand)),
        Tx.Lower.Ir.Unary { Op: UnaryOp.Not } u => Linq.Not(Visit(u.Operand)),
        Select s => Linq.Condition(Visit(s.Condition), Visit(s.Then), Visit(s.Else)),
        Cast { Kind: CastKind.Bits } c => (c.Operand.Type.Element, c.Type.Element) switch
        {
            (ElementType.F32, ElementType.I32) => Method((Func<float, int>)BitConverter.SingleToInt32Bits, c.Operand),
            (ElementType.I32, ElementType.F32) => Method((Func<int, float>)BitConverter.Int32BitsToSingle, c.Operand),
            (ElementType.F64, ElementType.I64) => Method((Func<double, long>)BitConverter.DoubleToInt64Bits, c.Operand),
            (ElementType.I64, ElementType.F64) => Method((Func<long, double>)BitConverter.Int64BitsToDouble, c.Operand),
            _ => throw new UnreachableException(),
        },
        Cast { Kind: CastKind.Convert } c when c.Type.Element.IsFloat || !c.Operand.Type.Element.IsFloat => Linq.Convert(Visit(c.Operand), TypeOf(c.Type.Element)),
        Call c => (c.Function, c.Type.Element) switch
        {
            (Intrinsic.Fma, ElementType.F32) => Method((Func<float, float, float, float>)MathF.FusedMultiplyAdd, c.Arguments.AsSpan()),
            (Intrinsic.Fma, ElementType.F64) => Method((Func<double, double, double, double>)Math.FusedMultiplyAdd, c.Arguments.AsSpan()),
            (Intrinsic.Abs, ElementType.F32) => Method((Func<float, float>)MathF.Abs, c.Arguments.AsSpan()),
            (Intrinsic.Floor, ElementType.F32) => Method((Func<float, float>)MathF.Floor, c.Arguments.AsSpan()),
            (Intrinsic.Sqrt, ElementType.F32) => Method((Func<float, float>)MathF.Sqrt, c.Arguments.AsSpan()),
            _ => throw new UnreachableException(c.Function.ToString()),
        },
        _ => throw new UnreachableException(e.GetType().Name),
    };

    private MethodCallExpression Method(Delegate f, params ReadOnlySpan<Expr> arguments)
    {
        var values = new Linq[arguments.Length];
        for (int i = 0; i < values.Length; i++) values[i] = Visit(arguments[i]);
        return Linq.Call(f.Method, values);
    }

    private static Linq Operate(BinaryOp op, Linq a, Linq b) => op switch
    {
        BinaryOp.Add => Linq.Add(a, b), BinaryOp.Sub => Linq.Subtract(a, b), BinaryOp.Mul => Linq.Multiply(a, b), BinaryOp.Div => Linq.Divide(a, b),
        BinaryOp.And => Linq.And(a, b), BinaryOp.Or => Linq.Or(a, b), BinaryOp.Xor => Linq.ExclusiveOr(a, b),
        BinaryOp.Shl => Linq.LeftShift(a, Linq.Convert(b, typeof(int))), BinaryOp.Shr => Linq.RightShift(a, Linq.Convert(b, typeof(int))),
        BinaryOp.Eq => Linq.Equal(a, b), BinaryOp.Ne => Linq.NotEqual(a, b), BinaryOp.Lt => Linq.LessThan(a, b),
        BinaryOp.Le => Linq.LessThanOrEqual(a, b), BinaryOp.Gt => Linq.GreaterThan(a, b), BinaryOp.Ge => Linq.GreaterThanOrEqual(a, b),
        _ => throw new UnreachableException(op.ToString()),
    };

    private static Type TypeOf(ElementType t) => t switch
    {
        ElementType.F32 => typeof(float), ElementType.F64 => typeof(double), ElementType.I32 => typeof(int), ElementType.I64 => typeof(long),
        ElementType.Bool => typeof(bool), _ => throw new UnreachableException(t.ToString()),
    };
}
