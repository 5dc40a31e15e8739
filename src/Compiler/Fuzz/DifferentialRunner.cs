using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Runtime;

namespace Tx.Fuzz;

/// <summary>What went wrong with a generated program, and where.</summary>
public sealed record FuzzFailure(GeneratedProgram Program, string Where, string What)
{
    /// <summary>A reproducer: the program, with what happened as a comment.</summary>
    public override string ToString() =>
        $"// seed {Program.Seed.ToString(CultureInfo.InvariantCulture)}, sizes {string.Join(' ', Program.Sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"))}\n// {Where}: {What}\n{Program.Text}";
}

/// <summary>Runs a generated program by the reference evaluator, by the loop interpreter on the plain nest, on the default schedule and after every pass,
/// and as a compiled kernel, and compares: integers and integer-valued floats bit for bit, others within a tolerance.</summary>
public sealed partial class DifferentialRunner : IDisposable
{
    private readonly OperatorResolver _resolver;
    private readonly KernelCompiler _compiler;
    private readonly WorkerPool _pool = new(2);
    private readonly TensorAllocator _allocator = new();
    private readonly bool _symbolic;
    private DeclarationTable _table = DeclarationTable.Empty;

    /// <param name="target">What to schedule for; null: this machine. Wider vectors than the machine has still run, in parts.</param>
    /// <param name="symbolic">Programs are lowered and compiled once for all sizes, and run at several.</param>
    public DifferentialRunner(CpuTarget? target = null, bool symbolic = false)
    {
        _symbolic = symbolic;
        _compiler = new(target ?? CpuTarget.Host());
        _resolver = new(() => _table, _allocator);
    }

    /// <summary>Null where everything agrees.</summary>
    public FuzzFailure? Run(GeneratedProgram program)
    {
        FuzzFailure Fail(string where, string what) => new(program, where, what);
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText($"<seed {program.Seed.ToString(CultureInfo.InvariantCulture)}>", program.Text));
        bag.AddRange(tree.Diagnostics);
        _table = DeclarationTable.Build(tree, (_, _) => null, DeclarationTable.Empty, bag);
        var op = bag.HasErrors ? null : _resolver.Binder.Bind(_table.Operators[program.Operator], Specialisation.Empty, bag);
        if (op is null || bag.HasErrors) return Fail("check", DiagnosticRenderer.Render(bag.Items));
        var dims = op.Dims.ToImmutableDictionary(d => d, d => program.Sizes[d.Name]);
        try { _resolver.Prove(op, dims, null); }
        catch (DiagnosticException e) { return Fail("proof", DiagnosticRenderer.Render(e.Diagnostics)); }

        if (_symbolic) return RunSymbolic(op, dims, program);
        var inputs = Inputs(op, dims, program);
        var expected = ReferenceEvaluator.Evaluate(op, inputs, dims);
        string where = "plain nest";
        try
        {
            var plain = NestBuilder.Build(op, dims);
            if (Interpret(plain, inputs, expected, program) is { } a) return Fail(where, a);
            where = "default schedule";
            var module = DefaultSchedule.Apply(plain, _compiler.Target);
            if (Interpret(module, inputs, expected, program) is { } b) return Fail(where, b);
            foreach (var pass in Pipeline.For(_compiler.Target))
            {
                where = $"after {pass.Name}";
                var next = pass.Run(module);
                if (ReferenceEquals(next, module)) continue;
                module = next;
                if (Interpret(module, inputs, expected, program) is { } c) return Fail(where, c);
            }
            where = "kernel";
            return Execute(op, dims, inputs, expected, program) is { } d ? Fail(where, d) : null;
        }
        catch (Exception e) when (e is InterpreterFaultException or CompilerBugException or DiagnosticException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return Fail(where, e.ToString());
        }
    }

    private static string? Interpret(LoopModule module, ImmutableArray<DenseArray> inputs, ImmutableArray<DenseArray> expected, GeneratedProgram program)
    {
        if (Verifier.Verify(module) is { IsEmpty: false } broken) return string.Join('\n', broken);
        var result = LoopInterpreter.Run(module, module.Functions[0].Name, inputs, options: new(Seed: unchecked((int)program.Seed)));
        return Compare(expected, result.Outputs, program);
    }

    private string? Execute(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, ImmutableArray<DenseArray> inputs, ImmutableArray<DenseArray> expected, GeneratedProgram program)
    {
        using var kernel = _compiler.CompileAlone(op, dims);
        return Execute(kernel, inputs, expected, program);
    }

    private string? Execute(Kernel kernel, ImmutableArray<DenseArray> inputs, ImmutableArray<DenseArray> expected, GeneratedProgram program)
    {
        var arguments = new List<NativeTensor>();
        try
        {
            foreach (var input in inputs) arguments.Add(NativeTensor.FromDense(_allocator, input));
            foreach (var e in expected) arguments.Add(TensorFill.Full(_allocator, e.Shape.AsSpan(), Scalar.Of(e.Type is ElementType.Int ? ElementType.I64 : e.Type, 77L)));
            kernel.Invoke(arguments.ToArray(), _pool);
            return Compare(expected, [.. arguments.Skip(inputs.Length).Select(t => t.ToDense())], program);
        }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    private static string? Compare(ImmutableArray<DenseArray> expected, ImmutableArray<DenseArray> actual, GeneratedProgram program)
    {
        for (int r = 0; r < expected.Length; r++)
            for (long p = 0; p < expected[r].Count; p++)
            {
                var (e, a) = (expected[r][p], actual[r][p]);
                if (!Agree(e, a, program)) return string.Create(CultureInfo.InvariantCulture, $"result {r}, element {p}: expected {e}, got {a}");
            }
        return null;
    }

    private static bool Agree(Scalar e, Scalar a, GeneratedProgram program)
    {
        if (!e.Type.IsFloat) return e.Integer == a.Integer;
        if (double.IsNaN(e.Real) || double.IsNaN(a.Real)) return double.IsNaN(e.Real) && double.IsNaN(a.Real);
        // Both zeros are one value: `max` leaves the sign of zero open.
        if (e.Real == a.Real) return true;
        // An f64 may come from an f32.
        double relative = program.Text.Contains("f32", StringComparison.Ordinal) ? 2e-4 : 1e-10;
        return !program.IsExact && Math.Abs(e.Real - a.Real) <= relative * Math.Max(1, Math.Abs(e.Real));
    }

    private static ImmutableArray<DenseArray> Inputs(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, GeneratedProgram program)
    {
        var random = new Random(unchecked((int)program.Seed * 31 + 7));
        var inputs = ImmutableArray.CreateBuilder<DenseArray>();
        foreach (var p in op.Parameters)
        {
            var array = new DenseArray(p.Type, OperatorShapes.Of(p, dims));
            for (long i = 0; i < array.Count; i++)
                array[i] = p.Type.IsFloat && !program.IsExact ? Scalar.Of(p.Type, random.NextDouble() * 4 - 2) : Scalar.Of(p.Type, (long)random.Next(p.Type.IsUnsigned ? 0 : -8, 9));
            inputs.Add(array);
        }
        return inputs.ToImmutable();
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _pool.Dispose();
        _compiler.Dispose();
    }
}
