using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Bench;

/// <summary>Measures what it takes to schedule and lower a chain of stages, each of them vectorised: from the typed operator to what a backend takes, with the
/// legality of every step. Reading the text is not in it, nor is LLVM. <c>Tx.Bench.Lowering [N…]</c> prints one JSON line for each number of stages.</summary>
internal static class Program
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2), WarmUp = TimeSpan.FromSeconds(4);
    private const int MinRuns = 5, MaxRuns = 200;

    private static int Main(string[] args)
    {
        int[] sizes = args.Length > 0 ? [.. args.Select(a => int.Parse(a, CultureInfo.InvariantCulture))] : [10, 100, 200, 1000];
        // Expressions are walked recursively, as in the program itself.
        var thread = new Thread(() =>
        {
            // The code of the compiler is compiled itself, and again when it has run often.
            Measure(50, WarmUp);
            foreach (int n in sizes) Console.WriteLine(Measure(n, Budget));
        }, 256 << 20);
        thread.Start();
        thread.Join();
        return 0;
    }

    private static string Measure(int stages, TimeSpan budget)
    {
        using var prover = new IslProver();
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("chain.tx", Chain(stages))), (_, _) => null, null, bag);
        var binder = new ModuleBinder(table, prover);
        var op = binder.Bind(table.Operators["chain"], Specialisation.Empty, bag) ?? throw new InvalidOperationException("the chain is refused");
        var dims = new Dictionary<DimSymbol, long> { [op.Dims[0]] = 2 * stages + 1000 };
        var schedule = table.Schedules.Values.Single();
        var target = CpuTarget.Host();

        var work = Lower();
        var (times, phases) = (new List<double>(), new List<double[]>());
        long start = Stopwatch.GetTimestamp();
        while (times.Count < MinRuns || (Stopwatch.GetElapsedTime(start) < budget && times.Count < MaxRuns))
        {
            work = Lower();
            times.Add(work.Phases.Sum());
            phases.Add(work.Phases);
        }
        double Median(Func<double[], double> of) => phases.Select(of).Order().ElementAt(phases.Count / 2);
        long nodes = Count(work.Scheduled);
        Pipeline.Run(work.Scheduled, target, (_, m) => nodes += Count(m));
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"stages\":{stages},\"median_ms\":{times.Order().ElementAt(times.Count / 2):0.000},\"min_ms\":{times.Min():0.000},\"nests_ms\":{Median(p => p[0]):0.000},\"elaborate_ms\":{Median(p => p[1]):0.000},\"steps_ms\":{Median(p => p[2]):0.000},\"passes_ms\":{Median(p => p[3]):0.000},\"runs\":{times.Count},\"nodes\":{nodes},\"questions\":{work.Questions},\"bytes\":{work.Bytes.Sum()},\"bytes_by_phase\":[{string.Join(',', work.Bytes)}]}}");

        Work Lower()
        {
            using var proofs = new NestProver();
            var (clock, bytes) = (new double[4], new long[4]);
            long allocated = GC.GetAllocatedBytesForCurrentThread(), t = Stopwatch.GetTimestamp();
            void Lap(int n)
            {
                (clock[n], bytes[n]) = (Stopwatch.GetElapsedTime(t).TotalMilliseconds, GC.GetAllocatedBytesForCurrentThread() - allocated);
                (allocated, t) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            }

            var plain = NestBuilder.Build(op, dims);
            Lap(0);
            var elaborated = ScheduleElaborator.Elaborate(schedule, InterfaceBuilder.Build(op, plain.Functions[0]), binder, target, dims);
            Lap(1);
            var applied = ScheduleApplier.Apply(plain.Functions[0], target, elaborated.Directives, new StepContext(proofs));
            Lap(2);
            if (elaborated.HasErrors || applied.IsRefused || applied.Steps.Length != stages) throw new InvalidOperationException(string.Join("; ", elaborated.Diagnostics.Concat(applied.Diagnostics).Select(d => d.Message)));
            var scheduled = plain.With([applied.Function]);
            Pipeline.Run(scheduled, target);
            Lap(3);
            return new(clock, scheduled, proofs.QuestionCount, bytes);
        }
    }

    private sealed record Work(double[] Phases, LoopModule Scheduled, long Questions, long[] Bytes);

    // The chain that peers.cpp lowers.
    private static string Chain(int n)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"op chain(X: f32[N]) -> Y: f32[N - {2 * n}] require N >= {2 * n + 1} {{\n");
        for (int k = 0; k < n; k++)
        {
            string last = k == 0 ? "X" : $"s{k - 1}";
            text.Append(CultureInfo.InvariantCulture, $"    {Name(k)}[i] = {last}[i] + {last}[i + 1] * 0.5 + {last}[i + 2]\n");
        }
        text.Append("}\nschedule vectors for chain on cpu {\n");
        for (int k = 0; k < n; k++) text.Append(CultureInfo.InvariantCulture, $"    {Name(k)}.i.vectorize(8)\n");
        return text.Append("}\n").ToString();

        string Name(int k) => k == n - 1 ? "Y" : string.Create(CultureInfo.InvariantCulture, $"s{k}");
    }

    private static long Count(LoopModule module)
    {
        var counter = new Counter();
        foreach (var f in module.Functions) counter.Visit(f.Body);
        return counter.Nodes;
    }

    private sealed class Counter : Walker
    {
        public long Nodes { get; private set; }
        public override void Visit(Expr e) { Nodes++; base.Visit(e); }
        public override void Visit(Stmt s) { Nodes++; base.Visit(s); }
    }
}
