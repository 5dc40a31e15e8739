using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Proofs;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

/// <summary>An operator and a schedule for it as one text; every step is verified and run, before and after all passes, against the evaluator.</summary>
internal static class ScheduledText
{
    public static readonly CpuTarget Target = new("test", ["avx512vnni", "avx512f"], 32, 16, 32 << 10, 512 << 10, 8 << 20);

    /// <summary>Applies the only schedule of a text without running anything.</summary>
    public static (OperatorText Op, Dictionary<Tx.Lang.Program.DimSymbol, long> Dims, ScheduledFunction Result) Apply(string text, long[] sizes, bool isSymbolic = false)
    {
        var op = OperatorText.Bind(text);
        var dims = op.Dims(sizes);
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("test.tx", text)), (_, _) => null, null, bag);
        using var isl = new IslProver();
        var module = new ModuleBinder(table, isl);
        var plain = NestBuilder.Build(op.Operator, isSymbolic ? null : dims).Functions[0];
        var schedule = table.Schedules.Values.Single();
        var elaborated = ScheduleElaborator.Elaborate(schedule, InterfaceBuilder.Build(op.Operator, plain), module, Target, isSymbolic ? null : dims);
        Assert.True(!elaborated.HasErrors, Join(elaborated.Diagnostics));
        using var prover = new NestProver();
        return (op, dims, ScheduleApplier.Apply(plain, Target, elaborated.Directives, new StepContext(prover)));
    }

    /// <summary>Applies and runs every step at these sizes; none is refused.</summary>
    public static ScheduledFunction Run(string text, long[] sizes, bool isSymbolic = false, double tolerance = 0)
    {
        var (op, dims, result) = Apply(text, sizes, isSymbolic);
        string at = $"at {string.Join(", ", sizes)}{(isSymbolic ? " (for all sizes)" : "")}";
        Assert.True(!result.IsRefused, $"{at}: {Join(result.Diagnostics)}");
        foreach (var step in result.Steps)
        {
            var module = new LoopModule([step.After.ToFunction()], LoopLevel.Scheduled);
            string what = $"{step.Directive.Text} {at}";
            string Print() => $"{what}\n{IrPrinter.Print(module)}";
            Assert.True(Verifier.Verify(module).IsEmpty, $"{string.Join("\n", Verifier.Verify(module))}\n{Print()}");
            try
            {
                op.Check(module, dims, what, tolerance);
                op.Check(Pipeline.Run(module, Target), dims, what + ", lowered", tolerance);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{e.Message}\n{Print()}", e);
            }
        }
        return result;
    }

    /// <summary>Runs a schedule at several sizes, each also with symbolic dimensions.</summary>
    public static void RunAll(string text, double tolerance, params long[][] sizes)
    {
        // A reduction over nothing has no loop where that is known.
        foreach (var s in sizes)
            foreach (bool isSymbolic in (bool[])[false, true])
                if (isSymbolic || !s.Contains(0)) Run(text, s, isSymbolic, tolerance);
    }

    public static Diagnostic Refused(string text, long[] sizes, bool isSymbolic = false) => Assert.Single(Apply(text, sizes, isSymbolic).Result.Diagnostics, d => d.IsError);

    private static string Join(IEnumerable<Diagnostic> diagnostics) => string.Join("\n", diagnostics.Select(d => $"{d.Code} {d.Message} ({d.Help})"));
}
