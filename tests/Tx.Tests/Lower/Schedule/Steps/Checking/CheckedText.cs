using Tx.Core;
using Tx.Lang.Proofs;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Schedule.Steps.Checking;

namespace Tx.Tests.Lower.Schedule.Steps.Checking;

/// <summary>A schedule for all sizes whose steps are checked where they are not proved.</summary>
internal static class CheckedText
{
    /// <param name="quota">Of the solver: with 1 it decides nothing.</param>
    public static ScheduledFunction Apply(string text, int quota = NestProver.DefaultQuota, TimeSpan? time = null, IEvidenceStore? kept = null, Func<IReadOnlyDictionary<string, long>, bool>? admits = null)
    {
        var op = OperatorText.Bind(text);
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("test.tx", text)), (_, _) => null, null, new DiagnosticBag());
        using var isl = new IslProver();
        var plain = NestBuilder.Build(op.Operator, null).Functions[0];
        var elaborated = ScheduleElaborator.Elaborate(table.Schedules.Values.Single(), InterfaceBuilder.Build(op.Operator, plain), new ModuleBinder(table, isl), ScheduledText.Target);
        Assert.True(!elaborated.HasErrors, string.Join("\n", elaborated.Diagnostics.Select(d => d.Message)));
        using var prover = new NestProver(quota);
        var checker = new ClaimChecker(new() { Time = time ?? TimeSpan.FromMinutes(1), Admits = admits ?? (_ => true), Kept = kept, Help = _ => "wait" });
        return ScheduleApplier.Apply(plain, ScheduledText.Target, elaborated.Directives, new StepContext(prover, checker));
    }

    /// <summary>Applies a schedule, none of whose steps is refused, and compares what it gives with the evaluator.</summary>
    public static ScheduledFunction Accept(string text, int quota, params long[][] sizes)
    {
        var result = Apply(text, quota);
        Assert.True(!result.IsRefused, string.Join("\n", result.Diagnostics.Select(d => $"{d.Code} {d.Message}")));
        var op = OperatorText.Bind(text);
        var module = new LoopModule([result.Function], LoopLevel.Scheduled);
        foreach (long[] s in sizes)
        {
            op.Check(module, op.Dims(s), $"at {string.Join(", ", s)}");
            op.Check(Tx.Lower.Pipeline.Run(module, ScheduledText.Target), op.Dims(s), $"lowered, at {string.Join(", ", s)}");
        }
        return result;
    }

    public static Diagnostic Refuse(string text, int quota = NestProver.DefaultQuota) => Assert.Single(Apply(text, quota).Diagnostics, d => d.IsError);
}
