using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

/// <summary>An operator and the body of a schedule for it, applied step by step; after each step the nests are verified and run against the evaluator, before and after all passes.</summary>
internal static class ScheduleText
{
    public static readonly CpuTarget Target = new("host", ["avx2", "avx512f", "fma"], 64, 32, 32 << 10, 1 << 20, 32 << 20);

    /// <param name="sizes">Of the dimensions, in the order in which the parameters introduce them.</param>
    /// <param name="isSymbolic">Dimensions stay variables.</param>
    /// <param name="device">A target of that name, which has blocks and threads: the nests are run as they are, and not lowered.</param>
    public static ScheduledFunction Run(string text, string body, long[] sizes, bool isSymbolic = false, double tolerance = 0, string? device = null)
    {
        var (op, result) = Apply(text, body, sizes, isSymbolic, device);
        Assert.True(!result.IsRefused, string.Join("\n", result.Diagnostics.Select(d => $"{d.Code} {d.Message} ({d.Witness}) help: {d.Help}")));
        var dims = op.Dims(sizes);
        foreach (var step in result.Steps) Check(op, step.After.ToFunction(), dims, $"{step.Directive.Text} at {string.Join(", ", sizes)}", tolerance, device is null && ReferenceEquals(step, result.Steps[^1]));
        return result;
    }

    /// <summary>What is said of a schedule that is refused.</summary>
    public static Diagnostic Refuse(string text, string body, long[]? sizes = null, string? device = null)
    {
        var (_, result) = Apply(text, body, sizes, false, device);
        return Assert.Single(result.Diagnostics);
    }

    private static (OperatorText, ScheduledFunction) Apply(string text, string body, long[]? sizes, bool isSymbolic, string? device)
    {
        var op = OperatorText.Bind(text);
        var plain = NestBuilder.Build(op.Operator, isSymbolic || sizes is null ? null : op.Dims(sizes)).Functions[0];
        if (device is not null)
            plain = new() { Name = plain.Name, Target = device, Parameters = plain.Parameters, Dims = plain.Dims, Temporaries = plain.Temporaries, Messages = plain.Messages, Body = plain.Body };
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText("test.tx", $"{text}\nschedule s for {op.Operator.Name} on cpu {{\n{body}\n}}\n"));
        var table = DeclarationTable.Build(tree, (_, _) => null, null, bag);
        Assert.False(bag.HasErrors, string.Join("\n", bag.Items.Concat(tree.Diagnostics).Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        var elaborated = ScheduleElaborator.Elaborate(table.Schedules.Values.Single(), InterfaceBuilder.Build(op.Operator, plain), new ModuleBinder(table, new NoProver()), Target);
        Assert.True(elaborated.Diagnostics.IsEmpty, string.Join("\n", elaborated.Diagnostics.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        using var prover = new NestProver();
        return (op, ScheduleApplier.Apply(plain, Target, elaborated.Directives, new(prover)));
    }

    private static void Check(OperatorText op, LoopFunction f, Dictionary<Tx.Lang.Program.DimSymbol, long> dims, string what, double tolerance, bool lower)
    {
        var module = new LoopModule([f], LoopLevel.Scheduled);
        var problems = Verifier.Verify(module);
        Assert.True(problems.IsEmpty, $"{what}: {string.Join("; ", problems)}\n{f.Body}");
        try
        {
            op.Check(module, dims, what, tolerance);
            if (!lower) return;
            var lowered = Lowering.Lower(module, Target);
            problems = Verifier.Verify(lowered);
            Assert.True(problems.IsEmpty, $"{what}: {string.Join("; ", problems)}\n{lowered.Functions[0].Body}");
            op.Check(lowered, dims, what + ", lowered", Math.Max(tolerance, 1e-6));
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{what}: {e.Message}\n{f.Body}", e);
        }
    }

    private sealed class NoProver : IProver
    {
        public ProofResult Prove(ImmutableArray<Tx.Lang.Program.Term> assumptions, ImmutableArray<Tx.Lang.Program.IndexSymbol> scope, Tx.Lang.Program.Term condition) => ProofResult.Unknown;
    }
}
