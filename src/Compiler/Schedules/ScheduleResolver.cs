using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Schedule.Steps.Checking;

namespace Tx;

/// <summary>A schedule for one operator, and the values of its knobs that are not the default.</summary>
public sealed record ScheduleChoice(ScheduleSyntax Schedule, ImmutableSortedDictionary<string, long> Knobs)
{
    public string Name => Schedule.Name.Text;
}

/// <summary>An operator under its schedule, with those of the calls inside.</summary>
/// <param name="Elaborated">What the operator's own schedule says, step by step; null where it has none: then only calls have.</param>
/// <param name="Function">What became of the nests.</param>
public sealed record AppliedSchedule(ElaboratedSchedule? Elaborated, ScheduledFunction Function)
{
    /// <summary>The calls inside that run by a schedule of their callee, each before those inside of it.</summary>
    public ImmutableArray<CalledSchedule> Calls { get; init; } = [];
    /// <summary>Calls that dispatch has a schedule for and that run by the default, with the reason.</summary>
    public ImmutableArray<Diagnostic> Notes { get; init; } = [];
    /// <summary>Of the operator's own schedule.</summary>
    public string Name => Elaborated?.Syntax.Name.Text ?? "default";
    public ImmutableArray<Diagnostic> Diagnostics => [.. Elaborated?.Diagnostics ?? [], .. Function.Diagnostics];
    public bool HasErrors => Elaborated?.HasErrors == true || Function.IsRefused;

    // Where a line is left out for want of sizes, what others say is not about this schedule.
    /// <summary>Every error may be gone when sizes are known.</summary>
    internal bool IsOpen => Elaborated?.NeedsSizes == true || IsUndecided;

    internal bool IsUndecided => Elaborated?.HasErrors != true && Function.Diagnostics.All(d => !d.IsError || d.Descriptor == ScheduleRefusals.NotDecided);
}

/// <summary>Finds the schedule of an operator and applies it.</summary>
/// <param name="evidence">Where the evidence of steps is kept that are checked; null: what is not proved is refused.</param>
/// <param name="admit">Refuses sizes that an operator may not be called with, by a <see cref="DiagnosticException"/>.</param>
internal sealed partial class ScheduleResolver(Func<ModuleBinder> binder, CpuTarget target, EvidenceCache? evidence = null, Action<Operator, IReadOnlyDictionary<DimSymbol, long>>? admit = null) : IDisposable
{
    private readonly NestProver _prover = new();
    // Schedules whose dispatch has no error; ends with the declarations.
    private readonly ConditionalWeakTable<ScheduleSyntax, DeclarationTable> _sound = [];
    private readonly Lazy<KernelTester> _tester = new(() => new KernelTester(target));

    /// <summary>What the checks of steps that are not proved may cost where a kernel is made.</summary>
    public CheckingBudget Budget { get; set; } = CheckingBudget.OfCall;

    /// <summary>Looked at before each step.</summary>
    public CancellationToken Cancellation { get; set; }

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
        foreach (var s in candidates) CheckDispatch(s, op);
        return ScheduleSelector.Choose(candidates, Interface(op), binder(), target, sizes) is { } chosen ? new(chosen, ImmutableSortedDictionary<string, long>.Empty) : null;
    }

    // The program may not have been checked as a whole, and an error here is no reason to take another schedule.
    private void CheckDispatch(ScheduleSyntax schedule, Operator op)
    {
        if (_sound.TryGetValue(schedule, out var known) && ReferenceEquals(known, Table)) return;
        var errors = ScheduleElaborator.CheckDispatch(schedule, Interface(op), binder(), target).Where(d => d.IsError).ToImmutableArray();
        if (!errors.IsEmpty) throw new DiagnosticException(errors);
        _sound.AddOrUpdate(schedule, Table);
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

    /// <summary>Whether dispatch may take it on this CPU: the conditions hold, and the CPU has the features.</summary>
    public bool AppliesHere(ScheduleSyntax schedule, Operator op, IReadOnlyDictionary<DimSymbol, long> sizes) => ScheduleSelector.Applies(schedule, Interface(op), binder(), target, sizes) == true;

    /// <exception cref="RequestException">There is no such schedule.</exception>
    public ScheduleChoice Named(Operator op, string name)
    {
        if (SchedulesOf(op.Name).FirstOrDefault(s => s.Name.Text == name) is { } found) return new(found, ImmutableSortedDictionary<string, long>.Empty);
        var names = SchedulesOf(op.Name).Select(s => s.Name.Text).ToList();
        throw new RequestException($"`{op.Name}` has no schedule `{name}`" + (Suggestion.For(name, names) is { } near ? $"; did you mean `{near}`?" : names.Count == 0 ? "" : $"; it has {string.Join(", ", names)}"));
    }

    /// <summary>Applies a schedule to the plain nests of an operator.</summary>
    /// <param name="budget">For checks; null: what is not proved is refused.</param>
    /// <param name="onlyWhen">The result is taken only for sizes for which the schedule's <c>when</c> holds.</param>
    public AppliedSchedule Apply(ScheduleChoice choice, Operator op, LoopFunction plain, IReadOnlyDictionary<DimSymbol, long>? sizes, CheckingBudget? budget, bool onlyWhen = false)
    {
        var cpu = TargetOf(choice.Schedule);
        if (DeviceOf(choice.Schedule) is { } device) plain = plain.On(device.Target.Text);
        var elaborated = ScheduleElaborator.Elaborate(choice.Schedule, InterfaceBuilder.Build(op, plain), binder(), cpu, sizes, choice.Knobs);
        var checker = budget is null || evidence is null ? null : new ClaimChecker(sizes is null ? TermsForAll(choice, op, budget, onlyWhen) : TermsFor(choice, op, elaborated, sizes, budget));
        var context = new StepContext(_prover, checker) { Cancellation = Cancellation };
        return op.Calls.IsEmpty || DeviceOf(choice.Schedule) is not null ? new(elaborated, ScheduleApplier.Apply(plain, cpu, elaborated.Directives, context))
            : ApplyWithCalls(elaborated, op, plain, cpu, sizes, context, budget);
    }

    private CheckingTerms TermsForAll(ScheduleChoice choice, Operator op, CheckingBudget budget, bool onlyWhen)
    {
        ImmutableArray<string> conditions = onlyWhen ? [.. ScheduleSelector.ConditionsOf(choice.Schedule, Table).Select(c => c.Span.Text)] : [];
        return new()
        {
            Time = budget.Step, Kept = evidence, Admits = s => IsAdmitted(op, SizesOf(op, s)), Scope = $"{ProgramPrinter.Print(op)}\n{string.Join('\n', conditions)}",
            Applies = s => conditions.IsEmpty || DeviceOf(choice.Schedule) is not null || Applies(choice.Schedule, op, SizesOf(op, s)) is not false,
            Numbers = NumbersIn(op.Requires.Select(Terms.Print)), ConditionNumbers = NumbersIn(conditions),
            Test = budget.MayTest && DeviceOf(choice.Schedule) is null ? (f, choices) => _tester.Value.Test(op, null, f, choices) : null,
            Help = d => HelpFor(d, budget),
        };
    }

    private CheckingTerms TermsFor(ScheduleChoice choice, Operator op, ElaboratedSchedule elaborated, IReadOnlyDictionary<DimSymbol, long> sizes, CheckingBudget budget)
    {
        // A step is right for these sizes where it is right for all.
        var general = new Lazy<AppliedSchedule>(() => Apply(choice, op, NestBuilder.Build(op, null, keepsEmptyLoops: true).Functions[0], null, budget, onlyWhen: true));
        bool hasGeneral = op.Dims.Length > 0 && DeviceOf(choice.Schedule) is null && Applies(choice.Schedule, op, sizes) == true;
        return new()
        {
            Time = budget.Step, Kept = evidence, Admits = _ => true, Symbolic = hasGeneral ? d => SameStep(general.Value, elaborated, d)?.Evidence : null,
            Test = budget.MayTest && DeviceOf(choice.Schedule) is null ? (f, choices) => _tester.Value.Test(op, sizes, f, choices) : null,
            Help = d => HelpFor(d, budget),
        };
    }

    private static ImmutableArray<long> NumbersIn(IEnumerable<string> conditions) =>
        [.. conditions.SelectMany(c => Number().Matches(c)).Select(m => long.TryParse(m.ValueSpan, CultureInfo.InvariantCulture, out long n) ? n : 0)];

    private static string HelpFor(Directive d, CheckingBudget budget) =>
        budget.MayTest || d.Span is null ? "leave this line out, or take smaller factors" : $"`tx check {d.Span.Value.Source.Path}` takes the time that it needs, and keeps what it finds";

    // The step of the schedule for all sizes where both are the same up to it.
    private static AppliedStep? SameStep(AppliedSchedule general, ElaboratedSchedule elaborated, Directive d)
    {
        int at = elaborated.Directives.IndexOf(d);
        if (general.HasErrors || at >= general.Elaborated!.Directives.Length || !elaborated.Directives.Take(at + 1).Select(x => x.Text).SequenceEqual(general.Elaborated.Directives.Take(at + 1).Select(x => x.Text))) return null;
        return general.Function.Steps.FirstOrDefault(s => ReferenceEquals(s.Directive, general.Elaborated.Directives[at]));
    }

    private static OperatorInterface Interface(Operator op) =>
        new(op.Name, [], [], op.Dims, op.Consts.ToImmutableDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal));

    // No nest depends on a dimension that it does not name.
    private static ImmutableDictionary<DimSymbol, long> SizesOf(Operator op, IReadOnlyDictionary<string, long> sizes) => op.Dims.ToImmutableDictionary(d => d, d => sizes.GetValueOrDefault(d.Name, 8));

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> sizes)
    {
        try { admit?.Invoke(op, sizes); }
        catch (DiagnosticException) { return false; }
        return true;
    }

    [GeneratedRegex(@"\b\d+\b")]
    private static partial Regex Number();

    public void Dispose()
    {
        _prover.Dispose();
        if (_tester.IsValueCreated) _tester.Value.Dispose();
    }
}
