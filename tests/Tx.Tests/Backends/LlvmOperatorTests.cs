using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Backends.LlvmFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Backends;

/// <summary>Every operator on every type and on the values where it is delicate, compared bit for bit with <see cref="ScalarMath"/>.</summary>
public sealed class LlvmOperatorTests(LlvmFixture llvm) : IClassFixture<LlvmFixture>
{
    private static readonly ElementType[] Types = [.. Enum.GetValues<ElementType>().Where(t => t.Carrier == t && t is not ElementType.Int)];

    public static TheoryData<ElementType, int> TypesAndLanes()
    {
        var data = new TheoryData<ElementType, int>();
        foreach (var t in Types)
            foreach (int lanes in (int[])[1, 4, 8, 3])
                data.Add(t, lanes);
        return data;
    }

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void BinaryOperators(ElementType type, int lanes)
    {
        var edges = Edges(type);
        var pairs = (from a in edges from b in edges select (a, b)).ToArray();
        foreach (var op in Enum.GetValues<BinaryOp>().Where(op => IsDefined(op, type)))
            Compare(op.Symbol, op.IsComparison ? ElementType.Bool : type, [.. pairs.Where(p => IsDefined(op, p.b)).Select(p => (Scalar[])[p.a, p.b])],
                x => new Binary(op, x[0], x[1]), x => ScalarMath.Apply(op, x[0], x[1]));
        Run(lanes);
    }

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void BinaryOperatorsByConstants(ElementType type, int lanes)
    {
        if (type is ElementType.Bool) return;
        var edges = Edges(type);
        foreach (var op in (BinaryOp[])[BinaryOp.Div, BinaryOp.Mod, BinaryOp.TruncDiv, BinaryOp.Shl, BinaryOp.Shr, BinaryOp.Min, BinaryOp.Max])
            foreach (long c in (long[])[1, 2, 3, 7, 8, -1, -3, -8])
            {
                if (type.IsUnsigned && c < 0) continue;
                var constant = type.IsFloat ? Scalar.Of(type, (double)c) : Scalar.Of(type, c);
                if (!IsDefined(op, type) || !IsDefined(op, constant)) continue;
                Compare($"{op.Symbol} {c}", type, [.. edges.Select(a => (Scalar[])[a])],
                    x => new Binary(op, x[0], Expr.Splat(Expr.Constant(constant), lanes)), x => ScalarMath.Apply(op, x[0], constant));
                Compare($"{c} {op.Symbol}", type, [.. edges.Where(b => IsDefined(op, b)).Select(a => (Scalar[])[a])],
                    x => new Binary(op, Expr.Splat(Expr.Constant(constant), lanes), x[0]), x => ScalarMath.Apply(op, constant, x[0]));
            }
        Run(lanes);
    }

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void UnaryOperatorsAndFunctions(ElementType type, int lanes)
    {
        var values = Edges(type).Select(a => (Scalar[])[a]).ToArray();
        if (type is ElementType.Bool)
        {
            Compare("not", type, values, x => new Unary(UnaryOp.Not, x[0]), x => ScalarMath.Apply(UnaryOp.Not, x[0]));
            Run(lanes);
            return;
        }
        Compare("neg", type, values, x => new Unary(UnaryOp.Neg, x[0]), x => ScalarMath.Apply(UnaryOp.Neg, x[0]));
        if (!type.IsFloat) Compare("bitnot", type, values, x => new Unary(UnaryOp.BitNot, x[0]), x => ScalarMath.Apply(UnaryOp.BitNot, x[0]));
        var functions = type.IsFloat
            ? (Intrinsic[])[Intrinsic.Abs, Intrinsic.Floor, Intrinsic.Ceil, Intrinsic.Round, Intrinsic.Trunc, Intrinsic.Sqrt, Intrinsic.IsNan]
            : [Intrinsic.Abs, Intrinsic.Popcount];
        foreach (var f in functions)
            Compare(f.Name, f is Intrinsic.IsNan ? ElementType.Bool : type, values, x => new Call(f, [x[0]]), x => ScalarMath.Apply(f, x));
        var edges = Edges(type);
        var triples = (from a in edges.Take(8) from b in edges from c in edges.Take(6) select (Scalar[])[a, b, c]).ToArray();
        Compare("fma", type, triples, x => new Call(Intrinsic.Fma, [.. x]), x => ScalarMath.Apply(Intrinsic.Fma, x));
        Run(lanes);
    }

    [Theory, InlineData(ElementType.F32, 1), InlineData(ElementType.F64, 1), InlineData(ElementType.F64, 4), InlineData(ElementType.F32, 3)]
    public void LibraryFunctions(ElementType type, int lanes)
    {
        var values = new[] { 0.0, 0.25, -0.75, 1, 2, -3, 8.5, 30 }.Select(v => (Scalar[])[Scalar.Of(type, v)]).ToArray();
        foreach (var f in (Intrinsic[])[Intrinsic.Exp, Intrinsic.Exp2, Intrinsic.Log, Intrinsic.Log2, Intrinsic.Tanh, Intrinsic.Sigmoid, Intrinsic.Erf, Intrinsic.Sin, Intrinsic.Cos, Intrinsic.Rsqrt])
            Compare(f.Name, type, values, x => LowerMath.Expand(f, [x[0]]) ?? new Call(f, [x[0]]), x => ScalarMath.Apply(f, x), tolerance: type is ElementType.F32 ? 3e-7 : 4e-15);
        Compare("pow", type, [.. values.Select(v => (Scalar[])[v[0], Scalar.Of(type, 2.5)])], x => LowerMath.Expand(Intrinsic.Pow, [.. x]) ?? new Call(Intrinsic.Pow, [.. x]), x => ScalarMath.Apply(Intrinsic.Pow, x),
            tolerance: type is ElementType.F32 ? 3e-7 : 4e-15);
        Run(lanes);
    }

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void Casts(ElementType from, int lanes)
    {
        var values = Edges(from).Select(a => (Scalar[])[a]).ToArray();
        foreach (var to in Types)
        {
            Compare($"{to.Name}", to, values, x => new Cast(CastKind.Convert, new(to, lanes), x[0]), x => ScalarMath.Cast(CastKind.Convert, to, x[0]));
            if (!to.IsFloat)
                Compare($"saturate {to.Name}", to, values, x => new Cast(CastKind.Saturate, new(to, lanes), x[0]), x => ScalarMath.Cast(CastKind.Saturate, to, x[0]));
            if (to.Bits == from.Bits)
                Compare($"bits {to.Name}", to, values, x => new Cast(CastKind.Bits, new(to, lanes), x[0]), x => ScalarMath.Cast(CastKind.Bits, to, x[0]));
        }
        Run(lanes);
    }

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void ReductionsOfLanes(ElementType type, int lanes)
    {
        if (lanes == 1) return;
        // Sums of small integers are exact in any order.
        var values = type.IsFloat ? [.. new[] { 1.0, -2, 3, 4, 0.5, -6, 7, 8 }.Select(v => Scalar.Of(type, v))] : Edges(type);
        var x = Input("x", type, lanes);
        var ops = new[] { BinaryOp.Add, BinaryOp.Mul, BinaryOp.Min, BinaryOp.Max, BinaryOp.And, BinaryOp.Or, BinaryOp.Xor }.Where(op => !type.IsFloat || op < BinaryOp.And).ToArray();
        if (type is ElementType.Bool) ops = [BinaryOp.And, BinaryOp.Or, BinaryOp.Xor];
        var y = Output("y", type, ops.Length);
        var vector = At(x, new Ramp(IntImm.Index(0), IntImm.Index(1), lanes));
        var module = Module("lanes", [x, y], Block.Of(ops.Select((op, k) => Put(y, IntImm.Index(k), new LaneReduce(op, vector)))));
        using var kernel = llvm.Load(module);
        for (int start = 0; start < values.Length; start++)
        {
            var lane = Enumerable.Range(0, lanes).Select(i => values[(start + i) % values.Length]).ToArray();
            var actual = llvm.Run(kernel, Dense(type, lane))[0];
            for (int k = 0; k < ops.Length; k++)
                Assert.Equal(lane.Aggregate((a, b) => ScalarMath.Apply(ops[k], a, b)), actual[k]);
        }
        if (!type.IsFloat) return;
        foreach (int nan in Enumerable.Range(0, lanes))
        {
            var lane = Enumerable.Range(0, lanes).Select(i => Scalar.Of(type, i == nan ? double.NaN : i)).ToArray();
            var actual = llvm.Run(kernel, Dense(type, lane))[0];
            Assert.True(double.IsNaN(actual[2].Real) && double.IsNaN(actual[3].Real), $"a NaN in lane {nan} is lost");
        }
    }

    private static bool IsDefined(BinaryOp op, ElementType type) => op switch
    {
        BinaryOp.And or BinaryOp.Or or BinaryOp.Xor => !type.IsFloat,
        BinaryOp.Shl or BinaryOp.Shr => type.IsInteger,
        BinaryOp.Min or BinaryOp.Max or >= BinaryOp.Eq => true,
        _ => type is not ElementType.Bool,
    };

    // A division by zero has no value; the emitter only has to survive it.
    private static bool IsDefined(BinaryOp op, Scalar divisor) =>
        op is not (BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod) || divisor.Type.IsFloat || divisor.Integer != 0;

    private sealed record Case(string What, ElementType Result, Scalar[][] Rows, Func<Expr[], Expr> Build, Func<Scalar[], Scalar> Expected, double Tolerance);

    private readonly List<Case> _cases = [];

    private void Compare(string what, ElementType result, Scalar[][] rows, Func<Expr[], Expr> build, Func<Scalar[], Scalar> expected, double tolerance = 0) =>
        _cases.Add(new(what, result, rows, build, expected, tolerance));

    /// <summary>One kernel for all cases: a loop for each over its rows of operands.</summary>
    private void Run(int lanes)
    {
        var (parameters, outputs, nests, inputs) = (new List<Buffer>(), new List<Buffer>(), new List<Stmt>(), new List<DenseArray>());
        foreach (var c in _cases)
        {
            int count = (c.Rows.Length + lanes - 1) / lanes * lanes;
            var operands = c.Rows[0].Select((v, k) => Input($"x{k}", v.Type, count)).ToArray();
            var y = Output("y", c.Result, count);
            var i = Var.Index("i");
            Expr index = lanes == 1 ? i : new Ramp(new Binary(BinaryOp.Mul, i, IntImm.Index(lanes)), IntImm.Index(1), lanes);
            nests.Add(Loop(i, count / lanes, Put(y, index, c.Build([.. operands.Select(x => At(x, index))]))));
            parameters.AddRange(operands);
            outputs.Add(y);
            inputs.AddRange(operands.Select((x, k) => Dense(x.Type, Enumerable.Range(0, count).Select(n => c.Rows[n % c.Rows.Length][k]))));
        }
        var results = llvm.Run(Module("op", [.. parameters, .. outputs], Block.Of(nests)), [.. inputs]);
        foreach (var (c, actual) in _cases.Zip(results))
            for (int n = 0; n < c.Rows.Length; n++)
            {
                var want = c.Expected(c.Rows[n]);
                bool same = c.Tolerance == 0
                    ? want == actual[n] || want.Type.IsFloat && double.IsNaN(want.Real) && double.IsNaN(actual[n].Real)
                    : Math.Abs(want.Real - actual[n].Real) <= c.Tolerance * Math.Abs(want.Real) || want.Real.Equals(actual[n].Real);
                Assert.True(same, $"{c.What} of ({string.Join(", ", c.Rows[n].Select(v => $"{v.Type.Name} {v}"))}) in {lanes} lanes: expected {want}, got {actual[n]}");
            }
    }
}
