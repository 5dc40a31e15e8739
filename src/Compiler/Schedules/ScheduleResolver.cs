using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx;

/// <summary>A schedule for one operator, and the values of its knobs that are not the default.</summary>
public sealed record ScheduleChoice(ScheduleSyntax Schedule, ImmutableSortedDictionary<string, long> Knobs)
{
    public string Name => Schedule.Name.Text;
}

/// <summary>An operator under a schedule.</summary>
/// <param name="Elaborated">What the schedule says, step by step.</param>
/// <param name="Function">What became of the nests.</param>
public sealed record AppliedSchedule(ElaboratedSchedule Elaborated, ScheduledFunction Function)
{
    public ImmutableArray<Diagnostic> Diagnostics => [.. Elaborated.Diagnostics, .. Function.Diagnostics];
    public bool HasErrors => Elaborated.HasErrors || Function.IsRefused;
}

/// <summary>Finds the schedule of an operator and applies it.</summary>
internal sealed class ScheduleResolver(Func<ModuleBinder> binder, CpuTarget target) : IDisposable
{
    private readonly NestProver _prover = new();

    /// <summary>The CPU that this process runs on, or that stands for it.</summary>
    public CpuTarget Host => target;

    private DeclarationTable Table => binder().Table;

    /// <summary>The schedules that are declared for an operator, in the order of the text.</summary>
    public IEnumerable<ScheduleSyntax> SchedulesOf(string op) =>
        Table.Schedules.Where(s => s.Key.Operator == op).Select(s => s.Value);

    /// <summary>The schedule that dispatch takes; null where none applies, or whether it does depends on sizes that are not known.</summary>
    public ScheduleChoice? Choose(Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes)
    {
        var candidates = SchedulesOf(op.Name).ToImmutableArray();
        if (candidates.IsEmpty) return null;
        return ScheduleSelector.Choose(candidates, Interface(op), binder(), target, sizes) is { } chosen ? new(chosen, ImmutableSortedDictionary<string, long>.Empty) : null;
    }

    /// <summary>The device that a schedule is for; null for a CPU.</summary>
    public static OnClauseSyntax? DeviceOf(ScheduleSyntax schedule) => schedule.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is { Target.Text: not "cpu" } on ? on : null;

    /// <summary>What a schedule is for: this CPU with the features that the schedule names, or one thread of a device, which loads and stores up to 16 bytes at once.</summary>
    public CpuTarget TargetOf(ScheduleSyntax schedule) =>
        DeviceOf(schedule) is { } device ? DeviceTarget(target, device.Target.Text, device.Features)
        : schedule.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is { } on ? target.With(on.Features) : target;

    public static CpuTarget DeviceTarget(CpuTarget host, string name, IEnumerable<string> features) => host with { Name = name, Features = [.. features], VectorBytes = 16, VectorRegisters = 64 };

    /// <summary>There is no backend but that for CPUs; a schedule for a device is applied and checked, and does not run.</summary>
    public static Diagnostic NeedsDevice(ScheduleSyntax schedule, SourceSpan? call) =>
        Diagnostic.Create(ScheduleRefusals.NeedsDevice, call ?? DeviceOf(schedule)!.Span, $"the schedule `{schedule.Name.Text}`, which is on {DeviceOf(schedule)!.Target.Text},")
            .WithHelp("run the operator by a schedule on cpu; `tx check --evidence` and `tx print --steps` apply this one");

    /// <summary>Whether the conditions of <c>when</c> hold; null where that depends on sizes that are not known.</summary>
    public bool? Applies(ScheduleSyntax schedule, Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes) =>
        ScheduleSelector.Applies(schedule, Interface(op), binder(), TargetOf(schedule), sizes);

    /// <exception cref="RequestException">There is no such schedule.</exception>
    public ScheduleChoice Named(Operator op, string name)
    {
        if (SchedulesOf(op.Name).FirstOrDefault(s => s.Name.Text == name) is { } found) return new(found, ImmutableSortedDictionary<string, long>.Empty);
        var names = SchedulesOf(op.Name).Select(s => s.Name.Text).ToList();
        throw new RequestException($"`{op.Name}` has no schedule `{name}`" + (Suggestion.For(name, names) is { } near ? $"; did you mean `{near}`?" : names.Count == 0 ? "" : $"; it has {string.Join(", ", names)}"));
    }

    /// <summary>Applies a schedule to the plain nests of an operator.</summary>
    public AppliedSchedule Apply(ScheduleChoice choice, Operator op, LoopFunction plain, IReadOnlyDictionary<DimSymbol, long>? sizes)
    {
        var cpu = TargetOf(choice.Schedule);
        if (DeviceOf(choice.Schedule) is { } device) plain = plain.On(device.Target.Text);
        var elaborated = ScheduleElaborator.Elaborate(choice.Schedule, InterfaceBuilder.Build(op, plain), binder(), cpu, sizes, choice.Knobs);
        return new(elaborated, ScheduleApplier.Apply(plain, cpu, elaborated.Directives, new StepContext(_prover)));
    }

    private static OperatorInterface Interface(Operator op) =>
        new(op.Name, [], [], op.Dims, op.Consts.ToImmutableDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal));

    public void Dispose() => _prover.Dispose();
}
