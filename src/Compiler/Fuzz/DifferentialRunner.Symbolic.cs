using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Fuzz;

// One nest, and one kernel, for all sizes: each is run at the program's own sizes and at smaller ones.
public sealed partial class DifferentialRunner
{
    private const int Choices = 3;
    private const int Attempts = 12;

    private sealed record SizedRun(GeneratedProgram Program, ImmutableArray<DenseArray> Inputs, ImmutableArray<DenseArray> Expected);

    private FuzzFailure? RunSymbolic(Operator op, ImmutableDictionary<DimSymbol, long> dims, GeneratedProgram program)
    {
        var runs = new List<SizedRun>();
        foreach (var sizes in SizesOf(op, dims, program))
        {
            var inputs = Inputs(op, sizes, program);
            var named = sizes.ToImmutableDictionary(s => s.Key.Name, s => s.Value);
            runs.Add(new(program with { Sizes = named }, inputs, ReferenceEvaluator.Evaluate(op, inputs, sizes)));
        }
        string where = "symbolic plain nest";
        var current = runs[0];
        FuzzFailure? Each(Func<SizedRun, string?> check)
        {
            foreach (var run in runs)
            {
                current = run;
                if (check(run) is { } what) return new(run.Program, where, what);
            }
            return null;
        }
        try
        {
            var module = NestBuilder.Build(op);
            if (Each(r => Interpret(module, r.Inputs, r.Expected, r.Program)) is { } a) return a;
            where = "symbolic default schedule";
            module = DefaultSchedule.Apply(module, _compiler.Target);
            if (Each(r => Interpret(module, r.Inputs, r.Expected, r.Program)) is { } b) return b;
            foreach (var pass in Pipeline.For(_compiler.Target))
            {
                where = $"symbolic, after {pass.Name}";
                var next = pass.Run(module);
                if (ReferenceEquals(next, module)) continue;
                module = next;
                if (Each(r => Interpret(module, r.Inputs, r.Expected, r.Program)) is { } c) return c;
            }
            where = "symbolic kernel";
            using var kernel = _compiler.CompileAlone(op, null);
            return Each(r => Execute(kernel, r.Inputs, r.Expected, r.Program));
        }
        catch (Exception e) when (e is InterpreterFaultException or CompilerBugException or DiagnosticException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return new(current.Program, where, e.ToString());
        }
    }

    // Larger sizes could make sums that are no longer exact.
    private IEnumerable<ImmutableDictionary<DimSymbol, long>> SizesOf(Operator op, ImmutableDictionary<DimSymbol, long> dims, GeneratedProgram program)
    {
        yield return dims;
        var random = new Random(unchecked((int)program.Seed * 17 + 3));
        for (int found = 1, n = 0; found < Choices && n < Attempts; n++)
        {
            var smaller = op.Dims.ToImmutableDictionary(d => d, d => random.NextInt64(dims[d] + 1));
            if (!IsAdmitted(op, smaller)) continue;
            found++;
            yield return smaller;
        }
    }

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        try { _resolver.Admit(op, dims); }
        catch (DiagnosticException) { return false; }
        return true;
    }
}
