using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Fuzz.CPrograms;
using Tx.Runtime;

namespace Tx.Fuzz;

/// <summary>A bound and proved operator with sizes and data.</summary>
/// <param name="Tolerance">The largest difference of floats, relative to values above 1; 0: they are equal.</param>
/// <param name="Seed">Decides the order of parallel iterations in the interpreter.</param>
internal sealed record Workload(Operator Operator, IReadOnlyDictionary<DimSymbol, long> Dims, ImmutableArray<DenseArray> Inputs, double Tolerance, int Seed)
{
    /// <summary>Iterations and stores of the plain nest before the comparison is given up.</summary>
    public long MaxSteps { get; init; } = 50_000_000;
}

/// <summary>A workload takes more steps than it may.</summary>
internal sealed class WorkloadTooLongException : Exception;

/// <summary>The results of a run, or that a run-time check ended it: which of several fails first is left open.</summary>
internal readonly record struct RunOutcome(ImmutableArray<DenseArray> Outputs, bool IsRefused = false)
{
    public static readonly RunOutcome Refused = new([], true);
}

/// <summary>Where two ways of running one program part, and how.</summary>
internal sealed record Disagreement(string Where, string What);

/// <summary>Runs an operator by the reference evaluator, by the loop interpreter on the plain nest, on the default schedule and after every
/// pass, and as a compiled kernel, and compares the results.</summary>
/// <param name="compiler">Compiles for its target.</param>
/// <param name="passes">Null: the pass list of the target.</param>
/// <param name="c">Not null: programs in C are run, too.</param>
internal sealed class OperatorComparer(KernelCompiler compiler, ImmutableArray<Pass>? passes = null, CComparer? c = null) : IDisposable
{
    private readonly WorkerPool _pool = new(2);
    private readonly TensorAllocator _allocator = new();
    private readonly ImmutableArray<Pass> _passes = passes ?? Pipeline.For(compiler.Target);

    /// <summary>What the comparison is at, for a watch on another thread.</summary>
    public string Where { get; private set; } = "";

    /// <summary>Null where all agree.</summary>
    /// <param name="runs">One operator at one choice of sizes, or at several.</param>
    /// <param name="isSymbolic">Lowered and compiled once for all sizes.</param>
    /// <exception cref="WorkloadTooLongException">The plain nest takes too many steps: nothing was compared.</exception>
    public Disagreement? Run(ImmutableArray<Workload> runs, bool isSymbolic = false)
    {
        string prefix = isSymbolic ? "symbolic, " : "";
        Where = "plain nest";
        try
        {
            var module = NestBuilder.Build(runs[0].Operator, isSymbolic ? null : runs[0].Dims);
            ImmutableArray<RunOutcome> plain = [.. runs.Select(r => First(module, r))];
            Where = "reference";
            ImmutableArray<RunOutcome> expected = [.. runs.Select(Evaluate)];

            string? Each(Func<Workload, int, RunOutcome> run) =>
                runs.Select((r, i) => Compare(expected[i], run(r, i), r.Tolerance)).FirstOrDefault(d => d is not null);

            Where = $"{prefix}plain nest";
            if (Each((_, i) => plain[i]) is { } a) return new(Where, a);
            Where = $"{prefix}default schedule";
            module = DefaultSchedule.Apply(module, compiler.Target);
            if (Each((r, _) => Interpret(module, r)) is { } b) return new(Where, b);
            foreach (var pass in _passes)
            {
                Where = $"{prefix}after {pass.Name}";
                var next = pass.Run(module);
                if (ReferenceEquals(next, module)) continue;
                module = next;
                if (Each((r, _) => Interpret(next, r)) is { } c) return new(Where, c);
            }
            Where = $"{prefix}kernel";
            using var kernel = compiler.CompileAlone(module);
            if (Each((r, _) => Execute(kernel, r)) is { } d) return new(Where, d);
            return c is null ? null : c.Run(runs, expected, isSymbolic, where => Where = prefix + where);
        }
        catch (Exception e) when (e is InterpreterFaultException or CompilerBugException or DiagnosticException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return new(Where, e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e.ToString());
        }
    }

    internal static RunOutcome First(LoopModule plain, Workload w)
    {
        try { return Interpret(plain, w, w.MaxSteps); }
        catch (InterpreterFaultException e) when (e.Kind is FaultKind.TooManySteps) { throw new WorkloadTooLongException(); }
    }

    internal static RunOutcome Interpret(LoopModule module, Workload w, long? maxSteps = null)
    {
        if (Verifier.Verify(module) is { IsEmpty: false } broken) throw new CompilerBugException("verifier", string.Join('\n', broken));
        var result = LoopInterpreter.Run(module, module.Functions[0].Name, w.Inputs, options: new(Seed: w.Seed, MaxSteps: maxSteps ?? 16 * w.MaxSteps));
        return result.Check is null ? new(result.Outputs) : RunOutcome.Refused;
    }

    internal static RunOutcome Evaluate(Workload w)
    {
        try { return new(ReferenceEvaluator.Evaluate(w.Operator, w.Inputs, w.Dims)); }
        catch (DiagnosticException e) when (IsCheck(e)) { return RunOutcome.Refused; }
    }

    private static bool IsCheck(DiagnosticException e) => e.Diagnostics.All(d => d.Code.StartsWith("TX5", StringComparison.Ordinal));

    internal RunOutcome Execute(Kernel kernel, Workload w)
    {
        var expected = w.Operator.Results.Select(r => (r.Type, Shape: OperatorShapes.Of(r, w.Dims)));
        var arguments = new List<NativeTensor>();
        try
        {
            foreach (var input in w.Inputs) arguments.Add(NativeTensor.FromDense(_allocator, input));
            foreach (var (type, shape) in expected) arguments.Add(TensorFill.Full(_allocator, shape.AsSpan(), Scalar.Of(type is ElementType.Int ? ElementType.I64 : type, 77L)));
            kernel.Invoke(arguments.ToArray(), _pool);
            return new([.. arguments.Skip(w.Inputs.Length).Select(t => t.ToDense())]);
        }
        catch (DiagnosticException e) when (IsCheck(e)) { return RunOutcome.Refused; }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    internal static string? Compare(RunOutcome reference, RunOutcome run, double tolerance)
    {
        if (reference.IsRefused || run.IsRefused)
            return reference.IsRefused == run.IsRefused ? null : reference.IsRefused ? "a run-time check that fails is not made" : "a run-time check fails, and should not";
        var (expected, actual) = (reference.Outputs, run.Outputs);
        for (int r = 0; r < expected.Length; r++)
            for (long p = 0; p < expected[r].Count; p++)
            {
                var (e, a) = (expected[r][p], actual[r][p]);
                if (!Agree(e, a, tolerance)) return string.Create(CultureInfo.InvariantCulture, $"result {r}, element {p}: expected {e}, got {a}");
            }
        return null;
    }

    private static bool Agree(Scalar e, Scalar a, double tolerance)
    {
        if (!e.Type.IsFloat) return e.Integer == a.Integer;
        if (double.IsNaN(e.Real) || double.IsNaN(a.Real)) return double.IsNaN(e.Real) && double.IsNaN(a.Real);
        // Both zeros are one value: `max` leaves the sign of zero open.
        return e.Real == a.Real || Math.Abs(e.Real - a.Real) <= tolerance * Math.Max(1, Math.Abs(e.Real));
    }

    public void Dispose() => _pool.Dispose();
}
