using System.Collections.Immutable;
using Tx.Core;
using Tx.Display;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx;

public sealed partial class OperatorRequest
{
    // More would take too long to be waited for.
    private const int MaxMeasured = 8;

    /// <summary>The operator, its schedule and its sizes in a few words.</summary>
    public string Title => Named(ChosenName());

    private string Named(string schedule)
    {
        string sizes = string.Join(", ", _operator.Dims.Where(d => _sizes.ContainsKey(d.Name)).Select(d => $"{d.Name} = {_sizes[d.Name]}"));
        return $"{_operator.Name} under {schedule}{(sizes.Length > 0 ? ", " + sizes : "")}";
    }

    private string ChosenName() => (_schedule ?? _session.Schedules.Choose(_operator, Sizes()))?.Name ?? "the default";

    /// <summary>The schedule is for a device: there are nests and no kernel.</summary>
    internal bool IsForDevice => _schedule is not null && ScheduleResolver.DeviceOf(_schedule.Schedule) is not null;

    /// <summary>The nests as they run.</summary>
    public LoopNests Nests() => new(Title, NestViews.Of(Scheduled()));

    /// <summary>Where stages are computed and stored.</summary>
    public ScheduleTree Tree()
    {
        var state = Scheduled();
        return new(Title, NestViews.Of(state), [.. state.Function.Temporaries.Where(t => state.Nests.Order.Any(n => Uses(state.Nests[n], t))).Select(t => (t.Name, $"{t.Type.Name}[{string.Join(", ", t.Shape)}]"))]);
    }

    /// <summary>The memory of the kernel.</summary>
    public MemoryPlan Memory() => MemoryPlan.Of(Title, Lowered().Final.Functions[0]);

    /// <summary>The kernel's assembly beside its source.</summary>
    /// <exception cref="DiagnosticException">libLLVM is missing, or the schedule is for a device.</exception>
    public AssemblyListing Assembly()
    {
        var (assembly, origins) = Backends.Llvm.LlvmCompiler.EmitAssemblyWithOrigins(Lowered().Final, _session.Compiler.Target);
        return AssemblyListing.Of(Title, assembly, origins);
    }

    /// <summary>Measures the operator under its schedule, or where none is named under each that applies and under the default, against the machine. Each takes more than a second.</summary>
    public Roofline Roofline()
    {
        var dims = CompleteSizes();
        Admit(dims);
        var choices = _schedule is not null ? [_schedule] : _session.Schedules.SchedulesOf(_operator.Name).Where(s => _session.Schedules.AppliesHere(s, _operator, dims))
            .Select(s => new ScheduleChoice(s, ImmutableSortedDictionary<string, long>.Empty)).Take(MaxMeasured).ToImmutableArray();
        var results = new List<(string, BenchResult)>();
        if (choices.IsEmpty) results.Add(("default", BenchRunner.Run(_session, _operator, dims, _session.Symbolic, null)));
        foreach (var choice in choices) results.Add((choice.Name, BenchRunner.Run(_session, _operator, dims, _session.Symbolic, choice)));
        return Display.Roofline.Of(SizedName(dims.Values), MachinePeaks.Measure(PeakType, _session.Threads), results);
    }

    private string SizedName(IEnumerable<long> sizes) => $"{_operator.Name}, {string.Join(" × ", sizes)}";

    /// <summary>What the multiply-adds are of that the operator is compared with.</summary>
    private ElementType PeakType => _operator.Results.Any(r => r.Type is ElementType.F64) ? ElementType.F64 : ElementType.F32;

    // Under a schedule for a device, too, which has nests and no kernel.
    private ScheduleState Scheduled()
    {
        if (Steps() is { } applied)
            return applied.HasErrors ? throw new DiagnosticException([.. applied.Diagnostics.Where(d => d.IsError)]) : applied.Function.State;
        return ScheduleState.Of(Lowered().Scheduled.Functions[0], _session.Compiler.Target);
    }

    private LoweredOperator Lowered()
    {
        var dims = Sizes();
        if (dims is not null) Admit(dims);
        return _session.Compiler.Lower(_operator, dims, _schedule);
    }

    private static bool Uses(Stmt nest, Lower.Ir.Buffer buffer) => nest.BuffersRead().Contains(buffer) || nest.BuffersWritten().Contains(buffer);
}
