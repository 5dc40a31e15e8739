using System.Globalization;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Steps;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Checking and lowering grow linearly with the number of stages. Counted, not timed: questions to the prover, nodes of the loop IR over all
/// passes, and bytes allocated on the way.</summary>
public class GrowthTests
{
    private sealed record Work(long Questions, long Nodes, long Bytes);

    [Fact]
    public void ChainOfStencils_CostsTenTimesForTenTimesTheStages()
    {
        Work small = new(0, 0, 0), large = small;
        BigStack.Run(() =>
        {
            Measure(20);
            small = Measure(100);
            large = Measure(1000);
        });
        Assert.InRange(large.Questions, 1, 12 * small.Questions);
        Assert.InRange(large.Nodes, 1, 12 * small.Nodes);
        Assert.InRange(large.Bytes, 1, 12 * small.Bytes);
    }

    /// <summary>As many lines of a schedule as stages: reading them, looking their names up, each step with its legality, and the passes.</summary>
    [Fact]
    public void ScheduledChain_CostsTenTimesForTenTimesTheStages()
    {
        Work small = new(0, 0, 0), large = small;
        BigStack.Run(() =>
        {
            MeasureScheduled(20);
            small = MeasureScheduled(100);
            large = MeasureScheduled(1000);
        });
        Assert.InRange(large.Questions, 0, 12 * small.Questions);
        Assert.InRange(large.Nodes, 1, 12 * small.Nodes);
        Assert.InRange(large.Bytes, 1, 12 * small.Bytes);
    }

    // Every third stage is only vectorised, every third split by hand, every third unrolled as well.
    private static Work MeasureScheduled(int stages)
    {
        var text = new StringBuilder(Chain(stages)).Append("schedule vectors for chain on cpu {\n");
        for (int k = 0; k < stages; k++)
        {
            string stage = k == stages - 1 ? "Y" : string.Create(CultureInfo.InvariantCulture, $"s{k}");
            text.Append(string.Create(CultureInfo.InvariantCulture, $"{(k % 3 == 0 ? $"    {stage}.i.vectorize(8)" : k % 3 == 1 ? $"    (xo{k}, xi{k}) = {stage}.i.split(8); xi{k}.vectorize()" : $"    {stage}.i.vectorize(8).unroll(2)")}\n"));
        }
        using var prover = new IslProver();
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("chain.tx", text.Append("}\n").ToString())), (_, _) => null, null, bag);
        var binder = new ModuleBinder(table, prover);
        var op = binder.Bind(table.Operators["chain"], Specialisation.Empty, bag)!;
        var dims = new Dictionary<DimSymbol, long> { [op.Dims[0]] = 2 * stages + 100 };
        var target = CpuTarget.Host();

        using var proofs = new NestProver();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var plain = NestBuilder.Build(op, dims);
        var elaborated = ScheduleElaborator.Elaborate(table.Schedules.Values.Single(), InterfaceBuilder.Build(op, plain.Functions[0]), binder, target, dims);
        Assert.Empty(elaborated.Diagnostics);
        var applied = ScheduleApplier.Apply(plain.Functions[0], target, elaborated.Directives, new StepContext(proofs));
        Assert.DoesNotContain(applied.Diagnostics, d => d.IsError);
        var module = plain.With([applied.Function]);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before, nodes = Nodes(module);
        before = GC.GetAllocatedBytesForCurrentThread();
        Pipeline.Run(module, target, (_, m) => nodes += Nodes(m));
        return new(proofs.QuestionCount, nodes, bytes + GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Work Measure(int stages)
    {
        string text = Chain(stages);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var prover = new IslProver();
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("chain.tx", text)), (_, _) => null, null, bag);
        var op = new ModuleBinder(table, prover).Bind(table.Operators["chain"], Specialisation.Empty, bag)!;
        Assert.Empty(OperatorChecker.Check(op, prover).Diagnostics);
        var dims = new Dictionary<DimSymbol, long> { [op.Dims[0]] = 2 * stages + 100 };
        var target = CpuTarget.Host();
        var module = DefaultSchedule.Apply(NestBuilder.Build(op, dims), target);
        long nodes = Nodes(module);
        module = Pipeline.Run(module, target, (_, m) => nodes += Nodes(m));
        LlvmCompiler.EmitText(module, target);
        return new(prover.QuestionCount, nodes, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static long Nodes(LoopModule module)
    {
        var counter = new Counter();
        foreach (var f in module.Functions) counter.Visit(f.Body);
        return counter.Count;
    }

    // Each stage is also read two stages later.
    private static string Chain(int n)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"op chain(X: f32[N]) -> Y: f32[N - {2 * n}] require N >= {2 * n + 1} {{\n");
        for (int k = 0; k < n; k++)
        {
            string last = k == 0 ? "X" : $"s{k - 1}", early = k < 2 ? "" : $" + s{k - 2}[i + 4] * 0.125";
            text.Append(CultureInfo.InvariantCulture, $"    {(k == n - 1 ? "Y" : $"s{k}")}[i] = {last}[i] + {last}[i + 1] * 0.5 + {last}[i + 2]{early}\n");
        }
        return text.Append("}\n").ToString();
    }

    private sealed class Counter : Walker
    {
        public long Count { get; private set; }
        public override void Visit(Expr e) { Count++; base.Visit(e); }
        public override void Visit(Stmt s) { Count++; base.Visit(s); }
    }
}
