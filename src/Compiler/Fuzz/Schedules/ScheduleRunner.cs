using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Runtime;

namespace Tx.Fuzz.Schedules;

/// <summary>What became of a pair.</summary>
/// <param name="Steps">Of an accepted schedule, as it was drawn; empty for a refused one.</param>
/// <param name="IsTooLong">It was not compared: it takes too many steps.</param>
public sealed record ScheduleOutcome(SchedulePair Pair, bool IsAccepted, ImmutableArray<AppliedStep> Steps, bool IsTooLong = false, ScheduleFailure? Failure = null);

/// <summary>Runs an operator by the reference evaluator, by the loop interpreter on the scheduled nest and after every pass, and as a kernel, for one choice of sizes and
/// for all, and compares. A schedule that is refused is refused with a diagnostic, and nothing else is thrown.</summary>
public sealed class ScheduleRunner : IDisposable
{
    private const long MaxSteps = 300_000;
    private const double MaxWork = 3e5;

    private readonly ScheduleWorkbench _workbench;
    private readonly KernelCompiler _compiler;
    private readonly OperatorComparer _comparer;
    private readonly ImmutableArray<Pass> _passes;
    // As far as they are the same for every target: the next one makes parallel loops serial.
    private readonly int _devicePasses;

    public ScheduleRunner(CpuTarget? target = null)
    {
        _workbench = new(target ?? CpuTarget.Host());
        _compiler = new(_workbench.Target);
        _comparer = new(_compiler);
        _passes = Pipeline.For(_workbench.Target);
        _devicePasses = _passes.TakeWhile(p => p.Name != "serialize_loops").Count();
    }

    /// <summary>The nests after every step are run, and not only the last.</summary>
    public bool EveryStep { get; init; }

    /// <summary>Kernels are compiled and run.</summary>
    public bool RunsKernels { get; init; } = true;

    /// <summary>Draws the pair of a seed and runs it.</summary>
    public ScheduleOutcome Run(ulong seed, bool execute = true)
    {
        SchedulePair pair;
        try { pair = _workbench.Draw(seed); }
        catch (Exception e) when (e is not (OutOfMemoryException or ThreadInterruptedException))
        {
            pair = new(seed, seed % 5 == 0 ? ProgramGenerator.Generate(seed) : ProgramGenerator.GeneratePipeline(seed), [], [], false, false);
            return new(pair, false, [], Failure: new(pair, "program", "program", e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e.ToString()));
        }
        return Run(pair, execute);
    }

    /// <param name="execute">False: the schedule is only applied.</param>
    public ScheduleOutcome Run(SchedulePair pair, bool execute = true)
    {
        string where = "program";
        var steps = ImmutableArray<AppliedStep>.Empty;
        bool isAccepted = false;
        try
        {
            var bound = _workbench.Bind(pair.Program);
            where = "text";
            var choice = _workbench.Read(pair);
            var main = Try(pair, bound, choice, pair.IsSymbolic ? null : bound.Dims, ref where);
            if (main.Failure is not null) return new(pair, false, [], Failure: main.Failure);
            isAccepted = main.Module is not null;
            if (main.Module is null && pair.IsAccepted)
                return new(pair, false, [], Failure: new(pair, $"text is refused: {main.Refusals[0].Code}", where, "what was accepted step by step is refused as a text:\n" + DiagnosticRenderer.Render(main.Refusals)));
            steps = main.Steps;
            return execute && main.Module is not null && Compare(pair, bound, choice, main, ref where) is { } failure
                ? new(pair, isAccepted, steps, Failure: failure) : new(pair, isAccepted, steps);
        }
        catch (WorkloadTooLongException) { return new(pair, isAccepted, steps, IsTooLong: true); }
        catch (InterpreterFaultException e) when (e.Kind is FaultKind.TooManySteps) { return new(pair, isAccepted, steps, IsTooLong: true); }
        catch (Exception e) when (e is not (OutOfMemoryException or ThreadInterruptedException))
        {
            string what = e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e is InterpreterFaultException ? e.Message : e.ToString();
            string kind = e is InterpreterFaultException f ? f.Kind.ToString() : e is CompilerBugException bug ? $"bug {bug.Message.Split(':')[0]}" : e.GetType().Name;
            return new(pair, isAccepted, steps, Failure: new(pair, $"{KindOf(where)}: {kind}", where, what));
        }
    }

    /// <summary>A schedule on the nests for some sizes.</summary>
    /// <param name="Module">Null: it is refused.</param>
    private sealed record Scheduled(LoopModule? Module, ImmutableArray<AppliedStep> Steps, ImmutableArray<Diagnostic> Refusals, ScheduleFailure? Failure = null);

    private Scheduled Try(SchedulePair pair, BoundProgram bound, ScheduleChoice choice, IReadOnlyDictionary<DimSymbol, long>? sizes, ref string where)
    {
        where = $"{NameOf(sizes)}schedule";
        var plain = ScheduleWorkbench.Plain(bound.Operator, sizes, pair.IsDevice);
        var applied = _workbench.Apply(choice, bound.Operator, plain.Functions[0], sizes);
        if (applied.HasErrors)
        {
            ImmutableArray<Diagnostic> errors = [.. applied.Diagnostics.Where(d => d.IsError)];
            var strange = errors.FirstOrDefault(d => !d.Code.StartsWith("TX20", StringComparison.Ordinal) && !d.Code.StartsWith("TX21", StringComparison.Ordinal));
            return new(null, [], errors, strange is null ? null : new(pair, $"refused with {strange.Code}", where, DiagnosticRenderer.Render(errors)));
        }
        for (int n = 0; n < applied.Function.Steps.Length; n++)
        {
            var step = applied.Function.Steps[n];
            where = $"{NameOf(sizes)}step {n + 1}";
            if (Verifier.Verify(plain.With([step.After.ToFunction()])) is { IsEmpty: false } broken)
                return new(null, [], [], new(pair, $"step: verifier {step.Directive.Primitive.Name}", $"{where}, {step.Directive.Text}", string.Join('\n', broken)));
        }
        return new(plain.With([applied.Function.Function]), applied.Function.Steps, []);
    }

    private ScheduleFailure? Compare(SchedulePair pair, BoundProgram bound, ScheduleChoice choice, Scheduled main, ref string where)
    {
        var random = new Random(unchecked((int)(pair.Seed * 7 + 11)));
        var sizes = SizesOf(bound, random).ToImmutableArray();
        ImmutableArray<Workload> runs = [.. sizes.Select(d => Work(pair, bound, d))];
        if (WorkEstimate.Of(bound.Operator, bound.Dims) > MaxWork) throw new WorkloadTooLongException();
        where = "plain nest";
        ImmutableArray<RunOutcome> plain = [.. runs.Select(r => OperatorComparer.First(NestBuilder.Build(bound.Operator, r.Dims), r))];
        where = "reference";
        ImmutableArray<RunOutcome> expected = [.. runs.Select(OperatorComparer.Evaluate)];
        for (int n = 0; n < runs.Length; n++)
            if (OperatorComparer.Compare(expected[n], plain[n], runs[n].Tolerance) is { } wrong) return new(pair, "plain nest", "plain nest", wrong);

        if (EveryStep)
            for (int n = 0; n < main.Steps.Length; n++)
            {
                where = $"{(pair.IsSymbolic ? "symbolic, " : "")}step {n + 1}, {main.Steps[n].Directive.Text}";
                var module = main.Module!.With([main.Steps[n].After.ToFunction()]);
                if (OperatorComparer.Compare(expected[0], OperatorComparer.Interpret(module, runs[0]), runs[0].Tolerance) is { } wrong)
                    return new(pair, $"step {main.Steps[n].Directive.Primitive.Name}: differs", where, wrong);
            }
        // What it was drawn for, in full.
        int count = pair.IsSymbolic ? runs.Length : 1;
        if (Follow(pair, main.Module!, [.. runs.Take(count)], [.. expected.Take(count)], NameOf(pair.IsSymbolic ? null : sizes[0]), eachPass: true, RunsKernels, ref where) is { } found) return found;
        // And for the sizes that it was not drawn for.
        for (int n = pair.IsSymbolic ? 0 : 1; n < runs.Length; n++)
        {
            if (Try(pair, bound, choice, sizes[n], ref where) is not { Module: { } module } other) continue;
            if (other.Failure is { } broken) return broken;
            if (Follow(pair, module, [runs[n]], [expected[n]], NameOf(sizes[n]), eachPass: false, RunsKernels && random.Next(3) == 0, ref where) is { } wrong) return wrong;
        }
        if (!pair.IsSymbolic && Try(pair, bound, choice, null, ref where) is { Module: { } symbolic })
            return Follow(pair, symbolic, runs, expected, NameOf(null), eachPass: false, RunsKernels && random.Next(3) == 0, ref where);
        return null;
    }

    private ScheduleFailure? Follow(SchedulePair pair, LoopModule module, ImmutableArray<Workload> runs, ImmutableArray<RunOutcome> expected, string name, bool eachPass, bool kernel, ref string where)
    {
        string? Each(Func<Workload, RunOutcome> run)
        {
            for (int n = 0; n < runs.Length; n++)
                if (OperatorComparer.Compare(expected[n], run(runs[n]), runs[n].Tolerance) is { } wrong) return $"{SizesText(runs[n].Dims)}: {wrong}";
            return null;
        }

        where = $"{name}scheduled nest";
        if (Each(r => OperatorComparer.Interpret(module, r)) is { } a) return new(pair, $"{KindOf(where)}: differs", where, a);
        int count = pair.IsDevice ? _devicePasses : _passes.Length;
        for (int n = 0; n < count; n++)
        {
            where = $"{name}after {_passes[n].Name}";
            var next = _passes[n].Run(module);
            bool isNew = !ReferenceEquals(next, module);
            module = next;
            if ((eachPass && isNew || n + 1 == count) && Each(r => OperatorComparer.Interpret(module, r)) is { } b) return new(pair, $"{KindOf(where)}: differs", where, b);
        }
        if (!kernel || pair.IsDevice) return null;
        where = $"{name}kernel";
        using var compiled = _compiler.CompileAlone(module);
        return Each(r => _comparer.Execute(compiled, r)) is { } c ? new(pair, $"{KindOf(where)}: differs", where, c) : null;
    }

    private static Workload Work(SchedulePair pair, BoundProgram bound, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var program = pair.Program;
        var values = new InputValues(program.Mode, unchecked((int)program.Seed * 31 + 7));
        // An f64 may come from an f32.
        double tolerance = program.IsExact ? 0 : program.Text.Contains("f32", StringComparison.Ordinal) ? 2e-4 : 1e-10;
        ImmutableArray<DenseArray> inputs = [.. bound.Operator.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))];
        return new(bound.Operator, dims, inputs, tolerance, unchecked((int)program.Seed)) { MaxSteps = MaxSteps };
    }

    // The program's sizes; a few at random below; tiny ones; one dimension without elements. Larger ones could make sums that are no longer exact.
    private IEnumerable<ImmutableDictionary<DimSymbol, long>> SizesOf(BoundProgram bound, Random random)
    {
        yield return bound.Dims;
        var ways = new Func<DimSymbol, long>[] { d => Math.Min(bound.Dims[d], 1 + random.Next(3)), d => random.NextInt64(bound.Dims[d] + 1), d => bound.Dims[d] / 4 * 4, d => random.Next(3) == 0 ? 0 : bound.Dims[d] };
        int found = 0;
        foreach (var way in ways)
        {
            var dims = bound.Operator.Dims.ToImmutableDictionary(d => d, way);
            if (bound.Dims.All(d => dims[d.Key] == d.Value) || !_workbench.IsAdmitted(bound.Operator, dims)) continue;
            yield return dims;
            if (++found == 2) yield break;
        }
    }

    private static string SizesText(IReadOnlyDictionary<DimSymbol, long> dims) =>
        string.Join(' ', dims.OrderBy(d => d.Key.Name, StringComparer.Ordinal).Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key.Name}={d.Value}")));

    private static string NameOf(IReadOnlyDictionary<DimSymbol, long>? sizes) => sizes is null ? "symbolic, " : $"{SizesText(sizes)}, ";

    // Without sizes and numbers.
    private static string KindOf(string where) => where[(where.LastIndexOf(", ", StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ' ');

    public void Dispose()
    {
        _comparer.Dispose();
        _compiler.Dispose();
        _workbench.Dispose();
    }
}
