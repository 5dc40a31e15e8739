using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;

namespace Tx.Tests.Lang.Reference;

/// <summary>Operators are put together from terms here, so that the evaluator is tested apart from the front end.</summary>
public sealed class ReferenceEvaluatorTests
{
    private static readonly DimSymbol M = new("M", null), N = new("N", null), K = new("K", null);

    private static Term Int(long value) => ConstTerm.Int(value);
    private static Term F32(double value) => new ConstTerm(Scalar.Of(ElementType.F32, value));

    private static IndexSymbol Index(string name, Term end, bool reduced = false, Term? start = null) =>
        new(name, reduced, null) { Start = start ?? Int(0), End = end };

    private static TensorSymbol Tensor(string name, ElementType type, TensorRole role, params DimSymbol[] shape) =>
        new(name, type, [.. shape.Select(d => new DimTerm(d))], role, null);

    private static Term Read(TensorSymbol tensor, params IndexSymbol[] indices) => new ReadTerm(tensor, [.. indices.Select(i => new IndexTerm(i))]);
    private static Term Bin(BinaryOp op, Term a, Term b) => new BinaryTerm(op, a, b);
    private static Term Reduce(ReduceKind kind, IndexSymbol index, Term body, Term? condition = null, bool exact = false) =>
        new ReduceTerm(kind, [index], condition, body, exact, kind is ReduceKind.ArgMax or ReduceKind.ArgMin ? ElementType.Int : body.Type);

    private static Stage Define(TensorSymbol tensor, Term value, params IndexSymbol[] indices) => Define([tensor], value, indices);
    private static Stage Define(ImmutableArray<TensorSymbol> tensors, Term value, params IndexSymbol[] indices) => new(tensors,
        [new([.. tensors.Select(t => new Target(t, [.. indices.Select(i => new IndexTerm(i))]))], [.. indices], value, null, null)]);

    private static Operator Op(TensorSymbol[] parameters, TensorSymbol[] results, params Stage[] stages) => new()
    {
        Name = "f", Doc = null, Span = null, Dims = [M, N, K], Parameters = [.. parameters], Results = [.. results],
        Requires = [Bin(BinaryOp.Ge, new DimTerm(N), Int(0))], Stages = [.. stages], RuntimeChecks = [], Obligations = [], Consts = [],
    };

    private static DenseArray Array(ElementType type, long[] shape, params double[] values)
    {
        var array = new DenseArray(type, [.. shape]);
        for (int i = 0; i < values.Length; i++) array[i] = type.IsFloat ? Scalar.Of(type, values[i]) : Scalar.Of(type, (long)values[i]);
        return array;
    }

    private static ImmutableArray<DenseArray> Run(Operator op, long m, long n, long k, params DenseArray[] arguments) =>
        ReferenceEvaluator.Evaluate(op, [.. arguments], new Dictionary<DimSymbol, long> { [M] = m, [N] = n, [K] = k });

    private static double[] Reals(DenseArray array) => [.. Enumerable.Range(0, (int)array.Count).Select(i => array[i].Real)];
    private static long[] Integers(DenseArray array) => [.. Enumerable.Range(0, (int)array.Count).Select(i => array[i].Integer)];

    private static Operator MatMul(ElementType type)
    {
        TensorSymbol a = Tensor("A", type, TensorRole.Parameter, M, K), b = Tensor("B", type, TensorRole.Parameter, K, N), c = Tensor("C", type, TensorRole.Result, M, N);
        IndexSymbol i = Index("i", new DimTerm(M)), j = Index("j", new DimTerm(N)), k = Index("k", new DimTerm(K), reduced: true);
        return Op([a, b], [c], Define(c, Reduce(ReduceKind.Sum, k, Bin(BinaryOp.Mul, Read(a, i, k), Read(b, k, j))), i, j));
    }

    /// <summary>An operator over one vector X of N elements with the result Y = value(X, i).</summary>
    private static Operator Vector(ElementType type, Func<TensorSymbol, IndexSymbol, Term> value)
    {
        var (x, i) = (Tensor("X", type, TensorRole.Parameter, N), Index("i", new DimTerm(N)));
        var v = value(x, i);
        var y = Tensor("Y", v.Type is ElementType.Int ? ElementType.I64 : v.Type, TensorRole.Result, N);
        return Op([x], [y], Define(y, v, i));
    }

    private static double[] RunVector(Func<TensorSymbol, IndexSymbol, Term> value, params double[] x) =>
        Reals(Run(Vector(ElementType.F32, value), 0, x.Length, 0, Array(ElementType.F32, [x.Length], x))[0]);

    [Fact]
    public void Matrix_product()
    {
        var c = Run(MatMul(ElementType.F32), 2, 2, 3, Array(ElementType.F32, [2, 3], 1, 2, 3, 4, 5, 6), Array(ElementType.F32, [3, 2], 1, 0, 0, 1, 1, 1))[0];
        Assert.Equal([4, 5, 10, 11], Reals(c));
    }

    [Theory]
    [InlineData(0, 2, 3, 0), InlineData(2, 2, 0, 4)]
    public void Empty_tensors_and_empty_sums(long m, long n, long k, int count) =>
        Assert.Equal(new double[count], Reals(Run(MatMul(ElementType.F64), m, n, k, Array(ElementType.F64, [m, k]), Array(ElementType.F64, [k, n]))[0]));

    [Fact]
    public void Integer_sum_wraps()
    {
        var c = Run(MatMul(ElementType.I8), 1, 1, 3, Array(ElementType.I8, [1, 3], 100, 100, 100), Array(ElementType.I8, [3, 1], 1, 1, 1))[0];
        Assert.Equal([44], Integers(c));
    }

    [Fact]
    public void Exact_sum_rounds_each_step_and_any_other_once()
    {
        double[] x = [16_777_216, 1, 1, 1];
        Operator Sum(bool exact) => Vector(ElementType.F32, (t, i) => { var k = Index("k", new DimTerm(N), true); return Reduce(ReduceKind.Sum, k, Read(t, k), exact: exact); });
        Assert.Equal(16_777_216, Reals(Run(Sum(true), 0, 4, 0, Array(ElementType.F32, [4], x))[0])[0]);
        Assert.Equal(16_777_220, Reals(Run(Sum(false), 0, 4, 0, Array(ElementType.F32, [4], x))[0])[0]);
    }

    [Fact]
    public void F32_operations_round_to_f32() =>
        Assert.Equal(0, RunVector((t, i) => Bin(BinaryOp.Sub, Bin(BinaryOp.Add, Read(t, i), F32(16_777_216)), F32(16_777_216)), 1)[0]);

    [Fact]
    public void Reduction_range_and_condition_may_use_outer_indices()
    {
        double[] x = [1, 2, 3, 4];
        var upTo = RunVector((t, i) => { var k = Index("k", Bin(BinaryOp.Add, new IndexTerm(i), Int(1)), true); return Reduce(ReduceKind.Sum, k, Read(t, k)); }, x);
        var where = RunVector((t, i) => { var k = Index("k", new DimTerm(N), true); return Reduce(ReduceKind.Sum, k, Read(t, k), Bin(BinaryOp.Le, new IndexTerm(k), new IndexTerm(i))); }, x);
        Assert.Equal([1, 3, 6, 10], upTo);
        Assert.Equal(upTo, where);
    }

    [Fact]
    public void Ranges_that_depend_on_each_other_skip_empty_rows()
    {
        // Pairs (a, b) with a < 4 and b < a − 1, and nothing for a = 0, 1.
        var y = RunVector((t, i) =>
        {
            var a = Index("a", Int(4), true);
            var b = Index("b", Bin(BinaryOp.Sub, new IndexTerm(a), Int(1)), true);
            return new ReduceTerm(ReduceKind.Sum, [a, b], null, F32(1), false, ElementType.F32);
        }, 0);
        Assert.Equal([3], y);
    }

    [Theory]
    [InlineData(ReduceKind.Max, double.NegativeInfinity), InlineData(ReduceKind.Min, double.PositiveInfinity), InlineData(ReduceKind.Prod, 1.0)]
    public void Empty_reduction_gives_the_identity(ReduceKind kind, double identity) =>
        Assert.Equal([identity], RunVector((t, i) => { var k = Index("k", Int(0), true); return Reduce(kind, k, Read(t, k)); }, 5));

    [Fact]
    public void Max_propagates_nan() =>
        Assert.True(double.IsNaN(RunVector((t, i) => { var k = Index("k", new DimTerm(N), true); return Reduce(ReduceKind.Max, k, Read(t, k)); }, 1, double.NaN, 9)[0]));

    [Theory]
    [InlineData(ReduceKind.ArgMax, 1, 7, 7, 2, 1)]
    [InlineData(ReduceKind.ArgMin, 3, 0, 7, 0, 1)]
    [InlineData(ReduceKind.ArgMax, 1, double.NaN, 9, double.NaN, 1)]
    [InlineData(ReduceKind.ArgMax, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, 0)]
    public void Arg_forms_give_the_first_of_the_best_and_the_first_nan(ReduceKind kind, double a, double b, double c, double d, long expected)
    {
        var op = Vector(ElementType.F32, (t, i) => { var k = Index("k", new DimTerm(N), true); return Reduce(kind, k, Read(t, k)); });
        Assert.Equal(expected, Integers(Run(op, 0, 4, 0, Array(ElementType.F32, [4], a, b, c, d))[0])[2]);
    }

    [Fact]
    public void Max_at_gives_the_value_and_all_indices()
    {
        TensorSymbol x = Tensor("X", ElementType.F32, TensorRole.Parameter, M, N), best = Tensor("best", ElementType.F32, TensorRole.Result),
            row = Tensor("row", ElementType.I64, TensorRole.Result), column = Tensor("column", ElementType.I64, TensorRole.Result);
        IndexSymbol i = Index("i", new DimTerm(M), true), j = Index("j", new DimTerm(N), true);
        var op = Op([x], [best, row, column], Define([best, row, column], new ReduceTerm(ReduceKind.MaxAt, [i, j], null, Read(x, i, j), false, ElementType.F32)));
        var results = Run(op, 2, 3, 0, Array(ElementType.F32, [2, 3], 1, 2, 3, 9, 5, 9));
        Assert.Equal((9.0, 1L, 0L), (results[0][0].Real, results[1][0].Integer, results[2][0].Integer));
    }

    [Fact]
    public void Read_with_a_default_gives_it_outside_and_else_is_refused()
    {
        Term At(TensorSymbol t, IndexSymbol i, Term? value) => new ReadTerm(t, [Bin(BinaryOp.Sub, new IndexTerm(i), Int(1))], value);
        Assert.Equal([7, 1, 2], RunVector((t, i) => At(t, i, F32(7)), 1, 2, 3));
        var e = Assert.Throws<DiagnosticException>(() => RunVector((t, i) => At(t, i, null), 1, 2, 3));
        Assert.Equal("TX5061: `X` is read at -1, outside its shape [3]", e.Message);
    }

    [Fact]
    public void Side_not_taken_is_not_evaluated()
    {
        // X[i − 1] and 1 / i, each where i > 0.
        Term Positive(IndexSymbol i) => Bin(BinaryOp.Gt, new IndexTerm(i), Int(0));
        Assert.Equal([0, 1, 2], RunVector((t, i) => new SelectTerm(Positive(i), new ReadTerm(t, [Bin(BinaryOp.Sub, new IndexTerm(i), Int(1))]), F32(0)), 1, 2, 3));
        var op = Vector(ElementType.F32, (t, i) => new LogicalTerm(true, Positive(i), Bin(BinaryOp.Eq, Bin(BinaryOp.Div, Int(1), new IndexTerm(i)), Int(1))));
        Assert.Equal([0, 1, 0], Integers(Run(op, 0, 3, 0, Array(ElementType.F32, [3]))[0]));
        var strict = Vector(ElementType.F32, (t, i) => Bin(BinaryOp.Div, Int(1), new IndexTerm(i)));
        Assert.Equal("TX5062", Assert.Throws<DiagnosticException>(() => Run(strict, 0, 3, 0, Array(ElementType.F32, [3]))).Diagnostics[0].Code);
    }

    [Fact]
    public void Stages_read_earlier_stages()
    {
        TensorSymbol x = Tensor("X", ElementType.F32, TensorRole.Parameter, N), s = Tensor("s", ElementType.F32, TensorRole.Intermediate), y = Tensor("Y", ElementType.F32, TensorRole.Result, N);
        IndexSymbol i = Index("i", new DimTerm(N)), k = Index("k", new DimTerm(N), true);
        var op = Op([x], [y], Define(s, Reduce(ReduceKind.Sum, k, Read(x, k))), Define(y, Bin(BinaryOp.Div, Read(x, i), Read(s)), i));
        Assert.Equal([0.25, 0.75], Reals(Run(op, 0, 2, 0, Array(ElementType.F32, [2], 1, 3))[0]));
    }

    [Fact]
    public void Expression_with_shared_parts_is_not_exponential()
    {
        // x, 2x, 4x, … each the sum of the last with itself; a reduction in between changes the indices.
        var y = RunVector((t, i) =>
        {
            var k = Index("k", Int(3), true);
            Term v = Reduce(ReduceKind.Sum, k, Bin(BinaryOp.Mul, Bin(BinaryOp.Add, Read(t, i), F32(0)), new CastTerm(CastKind.Convert, ElementType.F32, new IndexTerm(k))));
            for (int n = 0; n < 60; n++) v = Bin(BinaryOp.Add, v, v);
            return v;
        }, 1, 2);
        Assert.Equal([3 * Math.Pow(2, 60), 6 * Math.Pow(2, 60)], y);
    }

    [Fact]
    public void Shared_range_term_follows_its_index()
    {
        // The end of b's range is a kept term that depends on a, and is also summed.
        var y = RunVector((t, i) =>
        {
            var a = Index("a", Int(4), true);
            Term end = Bin(BinaryOp.Add, Bin(BinaryOp.Mul, new IndexTerm(a), Bin(BinaryOp.Add, Int(1), Bin(BinaryOp.Add, Int(0), Int(0)))), Int(0));
            var b = Index("b", end, true);
            Term body = Bin(BinaryOp.Add, new CastTerm(CastKind.Convert, ElementType.F32, end), F32(0));
            return new ReduceTerm(ReduceKind.Sum, [a, b], null, body, false, ElementType.F32);
        }, 0);
        Assert.Equal([1 + 2 * 2 + 3 * 3], y);
    }

    [Fact]
    public void Deep_expression_is_a_diagnostic()
    {
        var e = Assert.Throws<DiagnosticException>(() => RunVector((t, i) =>
        {
            Term v = Read(t, i);
            for (int n = 0; n < 200_000; n++) v = new UnaryTerm(UnaryOp.Neg, v);
            return v;
        }, 1));
        Assert.Equal("TX5063", e.Diagnostics[0].Code);
    }

    [Fact]
    public void Sizes_and_arguments_are_checked()
    {
        var op = Vector(ElementType.F32, (t, i) => Read(t, i));
        Assert.Throws<ArgumentException>(() => Run(op, 0, 3, 0, Array(ElementType.F32, [2])));
        Assert.Throws<ArgumentException>(() => Run(op, 0, 3, 0, Array(ElementType.I32, [3])));
        Assert.Throws<ArgumentException>(() => Run(op, 0, 3, 0));
        Assert.Equal("TX5060", Assert.Throws<DiagnosticException>(() => Run(op, 0, -1, 0, Array(ElementType.F32, [0]))).Diagnostics[0].Code);
    }

    [Fact]
    public void Large_product_is_fast_enough()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var a = new DenseArray(ElementType.F32, [200, 200]);
        for (long p = 0; p < a.Count; p++) a[p] = Scalar.Of(ElementType.F32, (p % 7) - 3.0);
        var c = Run(MatMul(ElementType.F32), 200, 200, 200, a, a)[0];
        Assert.Equal(Enumerable.Range(0, 200).Sum(k => a[k].Real * a[k * 200].Real), c[0].Real);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"took {clock.Elapsed}");
    }
}
