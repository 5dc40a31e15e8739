using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Runtime;

namespace Tx.Tests.Lower.Build;

/// <summary>Operators put together from terms, so that lowering is tested apart from the front end, and their runs at every level.</summary>
internal static class HandmadeOperator
{
    private static CpuTarget Target(int vectorBytes) => new("test", ImmutableSortedSet<string>.Empty, vectorBytes, 16, 32 << 10, 4 << 10, 32 << 20);

    public static Term N(long value) => ConstTerm.Int(value);
    public static Term F(double value) => new ConstTerm(Scalar.Of(ElementType.F32, value));
    public static Term I32(long value) => new ConstTerm(Scalar.Of(ElementType.I32, value));
    public static Term Of(DimSymbol d) => new DimTerm(d);
    public static Term Of(IndexSymbol i) => new IndexTerm(i);
    public static Term Add(Term a, Term b) => new BinaryTerm(BinaryOp.Add, a, b);
    public static Term Sub(Term a, Term b) => new BinaryTerm(BinaryOp.Sub, a, b);
    public static Term Mul(Term a, Term b) => new BinaryTerm(BinaryOp.Mul, a, b);
    public static Term Div(Term a, Term b) => new BinaryTerm(BinaryOp.Div, a, b);
    public static Term Min(Term a, Term b) => new BinaryTerm(BinaryOp.Min, a, b);
    public static Term Plus(IndexSymbol i, long n) => Add(Of(i), N(n));

    public static DimSymbol Dim(string name) => new(name, null);
    public static IndexSymbol Index(string name, Term end, Term? start = null, bool reduced = false) => new(name, reduced, null) { Start = start ?? N(0), End = end };
    public static TensorSymbol Tensor(string name, TensorRole role, ElementType type, params Term[] shape) => new(name, type, [.. shape], role, null);
    public static Term Read(TensorSymbol tensor, params Term[] indices) => new ReadTerm(tensor, [.. indices]);
    public static Term Sum(Term body, params IndexSymbol[] indices) => new ReduceTerm(ReduceKind.Sum, [.. indices], null, body, false, body.Type);

    public static Equation Define(TensorSymbol tensor, Term[] at, Term value, params IndexSymbol[] indices) => new([new(tensor, [.. at])], [.. indices], value, null, null);
    public static Equation Update(TensorSymbol tensor, Term[] at, BinaryOp op, Term value, params IndexSymbol[] indices) => new([new(tensor, [.. at])], [.. indices], value, op, null);
    public static Step Once(Equation e) => new EquationStep(e);
    public static CarriedLoop Loop(string name, bool descending, (Equation, IndexSymbol, long)[] members, params Step[] body) =>
        new(name, descending, [.. members.Select(m => new CarriedIndex(m.Item1, m.Item2, m.Item3))], [.. body]);

    public static Stage Stage(TensorSymbol[] tensors, Equation[] equations, params Step[] order) =>
        order.Length == 0 ? new([.. tensors], [.. equations]) : new([.. tensors], [.. equations]) { Order = [.. order] };

    public static Operator Operator(DimSymbol[] dims, TensorSymbol[] parameters, TensorSymbol[] results, Stage[] stages, params RuntimeCheck[] checks) => new()
    {
        Name = "f", Doc = null, Span = null, Dims = [.. dims], Parameters = [.. parameters], Results = [.. results],
        Requires = [], Stages = [.. stages], RuntimeChecks = [.. checks], Obligations = [], Consts = [],
    };

    public static DenseArray Array(ElementType type, long[] shape, Func<long, double> value)
    {
        var array = new DenseArray(type, [.. shape]);
        for (long p = 0; p < array.Count; p++) array[p] = type.IsFloat ? Scalar.Of(type, value(p)) : Scalar.Of(type, (long)value(p));
        return array;
    }

    /// <summary>Runs the operator plain, scheduled for several machines, after every pass, and compiled, and compares with the expected results.</summary>
    public static void Check(Operator op, long[] sizes, DenseArray[] inputs, Func<long, double>[] expected, double tolerance = 0)
    {
        var dims = op.Dims.Zip(sizes).ToDictionary();
        string at = string.Join(", ", sizes.Select(n => n.ToString(CultureInfo.InvariantCulture)));
        Compare(Interpret(NestBuilder.Build(op), inputs, dims), expected, tolerance, $"plain, symbolic, {at}");
        var plain = NestBuilder.Build(op, dims);
        Compare(Interpret(plain, inputs, dims), expected, tolerance, $"plain, {at}");
        foreach (var target in (CpuTarget[])[Target(16), Target(64)])
            foreach (var (pass, module) in Lowering.Trace(DefaultSchedule.Apply(plain, target), target).Changes)
                Compare(Interpret(module, inputs, dims), expected, tolerance, $"{pass}, {target.VectorBytes} byte vectors, {at}");
        Compare(Execute(op, dims, inputs), expected, tolerance, $"compiled, {at}");
    }

    private static ImmutableArray<DenseArray> Interpret(LoopModule module, DenseArray[] inputs, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        Verifier.Require(module, "test");
        Assert.Equal(IrPrinter.Print(module), IrPrinter.Print(IrParser.ParseModule(IrPrinter.Print(module))));
        try
        {
            var run = LoopInterpreter.Run(module, "f", [.. inputs], dims.ToDictionary(d => d.Key.Name, d => d.Value, StringComparer.Ordinal), new(Seed: 3));
            Assert.True(run.Check is null, run.Check?.Message.Format);
            return run.Outputs;
        }
        catch (InterpreterFaultException fault)
        {
            throw new InvalidOperationException($"{fault.Message}\n{IrPrinter.Print(module)}", fault);
        }
    }

    private static ImmutableArray<DenseArray> Execute(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, DenseArray[] inputs)
    {
        using var compiler = new KernelCompiler(CpuTarget.Host());
        using var pool = new WorkerPool(2);
        using var kernel = compiler.CompileAlone(compiler.Lower(op, dims).Final);
        var allocator = new TensorAllocator();
        var outputs = compiler.Lower(op, dims).Final.Functions[0].Parameters.Where(p => p.Role is BufferRole.Output).ToList();
        var arguments = inputs.Select(i => NativeTensor.FromDense(allocator, i)).ToList();
        foreach (var b in outputs) arguments.Add(TensorFill.Full(allocator, [.. b.Shape.Select(e => ((IntImm)e).Value)], Scalar.Of(b.Type, 77L)));
        try
        {
            kernel.Invoke(arguments.ToArray(), pool);
            return [.. arguments.Skip(inputs.Length).Select(t => t.ToDense())];
        }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    private static void Compare(ImmutableArray<DenseArray> actual, Func<long, double>[] expected, double tolerance, string where)
    {
        for (int r = 0; r < expected.Length; r++)
            for (long p = 0; p < actual[r].Count; p++)
            {
                var got = actual[r][p];
                double value = got.Type.IsFloat ? got.Real : got.Integer, want = expected[r](p);
                Assert.True(Math.Abs(value - want) <= tolerance * Math.Max(1, Math.Abs(want)), $"{where}: result {r} at {p} is {value}, not {want}");
            }
    }
}
