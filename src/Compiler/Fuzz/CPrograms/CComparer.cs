using System.Collections.Immutable;
using Tx.Backends.C;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Schedule;

namespace Tx.Fuzz.CPrograms;

/// <summary>Runs operators as programs in C: scheduled for one processor and for a microcontroller, whose registers are scalars and whose indices have 32 bits.
/// Both are compiled for this machine, with the sanitizers for undefined behaviour and addresses, the warnings being errors.</summary>
internal sealed class CComparer
{
    private readonly ImmutableArray<CToolchain> _toolchains = CToolchain.Host(isSanitized: true, "-O1");
    private readonly ImmutableArray<CTarget> _targets;

    /// <exception cref="DiagnosticException">There is no compiler of C (TX4051).</exception>
    public CComparer(CpuTarget target) => _targets = [CTarget.For(target), CTarget.For(TargetCatalog.Parse("cortex-m7"))];

    /// <summary>Null where all agree.</summary>
    public Disagreement? Run(ImmutableArray<Workload> runs, ImmutableArray<RunOutcome> expected, bool isSymbolic, Action<string> at)
    {
        for (int t = 0; t < _targets.Length; t++)
        {
            var toolchain = _toolchains[t % _toolchains.Length];
            string where = $"C for {_targets[t].Cpu.Name}, {toolchain.Name}";
            at(where);
            var scheduled = DefaultSchedule.Apply(NestBuilder.Build(runs[0].Operator, isSymbolic ? null : runs[0].Dims), _targets[t].Cpu);
            var lowered = Pipeline.RunForC(scheduled, _targets[t].Cpu);
            for (int r = 0; r < runs.Length; r++)
                if (OperatorComparer.Compare(expected[r], OperatorComparer.Interpret(lowered, runs[r]), runs[r].Tolerance) is { } passes) return new($"{where}: passes", passes);
            var kernel = CEmitter.Emit(lowered, _targets[t]);
            ImmutableArray<CCase> cases = [.. runs.Select(r => new CCase(kernel, r))];
            var results = Execute(toolchain, cases);
            for (int r = 0; r < runs.Length; r++)
                if (OperatorComparer.Compare(expected[r], results[r].Outcome, runs[r].Tolerance) is { } what) return new(where, what);
        }
        return null;
    }

    /// <summary>Compiles and runs the cases in a folder of their own.</summary>
    internal static ImmutableArray<(RunOutcome Outcome, long Ticks)> Execute(CToolchain toolchain, ImmutableArray<CCase> cases, bool counts = false)
    {
        var folder = Directory.CreateTempSubdirectory("tx-c-");
        try { return CProgram.Read(toolchain.Run(CProgram.Text(cases, counts), folder.FullName), [.. cases.Select(c => c.Work)]); }
        finally { folder.Delete(recursive: true); }
    }
}
