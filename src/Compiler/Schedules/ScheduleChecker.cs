using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Schedule.Steps;

namespace Tx;

/// <summary>A declared schedule as <c>tx check</c> sees it.</summary>
/// <param name="Sizes">The sizes that it was tried at; null: for all sizes.</param>
/// <param name="Consts">The values of the operator's <c>const</c> parameters.</param>
public sealed record CheckedSchedule(ScheduleSyntax Syntax, AppliedSchedule Applied, ImmutableArray<(string Name, long Size)>? Sizes, ImmutableArray<(string Name, Scalar Value)> Consts)
{
    /// <summary>`cpu`, or the device that it is for.</summary>
    public string Target => ScheduleResolver.DeviceOf(Syntax)?.Target.Text ?? "cpu";
}

/// <summary>An operator without a schedule of its own whose calls have some, as <c>tx check</c> sees it.</summary>
/// <param name="Sizes">The sizes that it was tried at; null: for all sizes.</param>
/// <param name="Consts">The values of the operator's <c>const</c> parameters.</param>
public sealed record CheckedCalls(OpSyntax Syntax, AppliedSchedule Applied, ImmutableArray<(string Name, long Size)>? Sizes, ImmutableArray<(string Name, Scalar Value)> Consts);

/// <summary>Checks declared schedules without running anything: for all sizes, and where that leaves something open at sizes that the operator admits.</summary>
internal sealed class ScheduleChecker(ScheduleResolver schedules, OperatorResolver operators)
{
    /// <summary>Sizes to try, one for all dimensions at first.</summary>
    private static readonly ImmutableArray<long> TrialSizes = [64, 96, 128, 17, 1, 256, 1024];
    private static readonly ImmutableArray<long> DrawnSizes = [1, 2, 3, 4, 5, 7, 8, 9, 14, 16, 28, 30, 32, 64, 128];
    private const int Draws = 3000;

    /// <summary>The schedules of the last check that could be applied to an operator, in the order of the text.</summary>
    public List<CheckedSchedule> Checked { get; } = [];

    /// <summary>The operators of the last check whose calls run by schedules of their callees, in the order of the text.</summary>
    public List<CheckedCalls> Calls { get; } = [];

    /// <summary>What the last check left out, and why.</summary>
    public List<Diagnostic> Notes { get; } = [];

    public void Check(LoadedProgram program, CheckScope declarations, DiagnosticBag bag)
    {
        Checked.Clear();
        Notes.Clear();
        Calls.Clear();
        var consts = operators.ConstsOf(program);
        foreach (var schedule in program.Declarations.Schedules.Values.OrderBy(s => s.Span.Source.Path, StringComparer.Ordinal).ThenBy(s => s.Span.Span.Start))
        {
            if (!declarations.Includes(schedule)) continue;
            Check(schedule, program.Declarations, consts, bag);
        }
        // One that a schedule calls has been read with that call; the same mistake is said once.
        foreach (var strategy in program.Declarations.Strategies.Values.OrderBy(s => s.Span.Source.Path, StringComparer.Ordinal).ThenBy(s => s.Span.Span.Start))
        {
            if (!declarations.Includes(strategy)) continue;
            Check(strategy, bag);
        }
        foreach (var d in NeverChosen(program, declarations.IsAtPrompt)) bag.Add(d);
        // Where the program runs, the kernels that it makes say the same.
        if (!schedules.Budget.MayTest || bag.HasErrors) return;
        foreach (var op in program.Declarations.Operators.Values.Where(o => declarations.Includes(o)).OrderBy(o => o.Span.Source.Path, StringComparer.Ordinal).ThenBy(o => o.Span.Span.Start))
            if (consts.Of(op) is [var choice, ..] && operators.Binder.Bind(op, choice.Specialisation, new DiagnosticBag()) is { Calls.IsEmpty: false } bound) CheckCalls(op, bound);
    }

    // For all sizes, and where dispatch then has no schedule for some call, or one does not fit, at the first that the operator admits.
    private void CheckCalls(OpSyntax syntax, Operator op)
    {
        var first = Apply(null);
        var found = first is { Notes.IsEmpty: true } && first.Calls.Length == op.Calls.Count(c => schedules.SchedulesOf(c.Callee.Name).Any()) ? null : Candidates(op).FirstOrDefault(s => IsAdmitted(op, s));
        var (applied, sizes) = found is not null && Apply(found) is { } sized ? (sized, found) : (first, null);
        if (applied is null) return;
        Notes.AddRange(applied.Notes);
        Calls.Add(new(syntax, applied, sizes is null ? null : [.. op.Dims.Select(d => (d.Name, sizes[d]))], op.Consts));

        AppliedSchedule? Apply(IReadOnlyDictionary<DimSymbol, long>? sizes) => schedules.Choose(op, sizes) is not null ? null
            : schedules.ApplyCalls(op, () => NestBuilder.Build(op, sizes, keepsEmptyLoops: true).Functions[0], sizes, schedules.Budget);
    }

    /// <summary>Checks one schedule for each choice of its operator's constants, and notes what it leaves out.</summary>
    public void Check(ScheduleSyntax schedule, DeclarationTable table, ConstChoices consts, DiagnosticBag bag)
    {
        var errors = ScheduleElaborator.CheckHeader(schedule, table);
        bag.AddRange(errors);
        if (errors.Any(d => d.IsError) || !table.Operators.TryGetValue(schedule.Clauses.OfType<ForClauseSyntax>().First().Operator.Text, out var op)) return;
        if (ScheduleResolver.DeviceOf(schedule) is { Target.Text: not "gpu" and var device })
        {
            Note(schedule, $"`{device}` is a declared target, and nothing is scheduled on those yet", "schedule the operator on cpu or gpu");
            return;
        }
        var choices = consts.Of(op);
        if (choices.IsEmpty)
        {
            var open = op.Parameters.Where(p => p.IsConst && p.Default is null).Select(p => p.Name.Text).ToList();
            Note(schedule, $"no value of {string.Join(", ", open)} is known that the `require` of `{op.Name.Text}` admits", $"call `{op.Name.Text}` in the file, or say what to check it for: `tx check FILE {Defines(open)}`");
        }
        foreach (var choice in choices) Check(schedule, op, choice, bag);
    }

    /// <summary>Reads one strategy without a call.</summary>
    public void Check(StrategySyntax strategy, DiagnosticBag bag)
    {
        foreach (var d in ScheduleElaborator.CheckStrategy(strategy, operators.Binder, schedules.Host))
            if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
    }

    private void Check(ScheduleSyntax schedule, OpSyntax op, ConstChoice choice, DiagnosticBag bag)
    {
        // What is wrong with the operator has been reported with it.
        if (operators.Binder.Bind(op, choice.Specialisation, new DiagnosticBag()) is not { } bound)
        {
            Note(schedule, $"`{op.Name.Text}` has errors", $"mend `{op.Name.Text}` first");
            return;
        }
        var result = Check(schedule, bound);
        Checked.Add(result);
        if (schedules.Budget.MayTest) Notes.AddRange(result.Applied.Notes);
        foreach (var d in result.Applied.Diagnostics)
            if ((d.IsError || choice.Guessed.IsEmpty) && !bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
        if (choice.Guessed.IsEmpty) return;
        string values = string.Join(", ", bound.Consts.Where(c => choice.Guessed.Contains(c.Name)).Select(c => $"{c.Name} = {c.Value}"));
        Notes.Add(Diagnostic.Create(SessionDiagnostics.ScheduleCheckedFor, schedule.Name.Span, schedule.Name.Text, values, op.Name.Text, Defines(choice.Guessed)["-D ".Length..]));
    }

    private void Note(ScheduleSyntax schedule, string why, string help) =>
        Notes.Add(Diagnostic.Create(SessionDiagnostics.ScheduleNotChecked, schedule.Name.Span, schedule.Name.Text, why, help));

    private static string Defines(IEnumerable<string> names) => string.Join(' ', names.Select(n => $"-D {n}=…"));

    /// <summary>Schedules that dispatch never takes, because one before them always applies where they do; unless they are named.</summary>
    public static IEnumerable<Diagnostic> NeverChosen(LoadedProgram program, bool isPrompt)
    {
        var table = program.Declarations;
        var named = table.Schedules.Values.SelectMany(s => s.Clauses).OfType<ExtendsClauseSyntax>().Select(c => c.Schedule.Text)
            .Concat(program.Tree.Root.DescendantsAndSelf().OfType<ArgumentSyntax>().Where(a => a.Name?.Text == "using").Select(a => a.Value.Span.Text)).ToHashSet(StringComparer.Ordinal);
        foreach (var group in table.Schedules.GroupBy(s => s.Key.Operator))
        {
            var order = ScheduleSelector.Order(group.Select(s => s.Value), table);
            for (int n = 1; n < order.Length; n++)
            {
                // Dispatch takes none for a device: these are named.
                if (ScheduleResolver.DeviceOf(order[n]) is not null) continue;
                var first = order.Take(n).FirstOrDefault(s => Kind(s) == Kind(order[n]) && Conditions(s, table).Count == 0);
                if (first is null || named.Contains(order[n].Name.Text) || isPrompt || !program.Tree.Root.Items.Contains(order[n])) continue;
                yield return Diagnostic.Create(SessionDiagnostics.ScheduleNeverChosen, order[n].Name.Span, order[n].Name.Text, first.Name.Text).WithLabel(first.Name.Span, "always applies");
            }
        }

        static string Kind(ScheduleSyntax s) => s.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is { } on ? $"{on.Target.Text}({string.Join(',', on.Features.Order(StringComparer.Ordinal))})" : "";
    }

    // Those of the schedules that it extends among them.
    private static List<WhenClauseSyntax> Conditions(ScheduleSyntax schedule, DeclarationTable table)
    {
        var found = new List<WhenClauseSyntax>();
        var seen = new HashSet<ScheduleSyntax>(ReferenceEqualityComparer.Instance);
        for (var s = schedule; s is not null && seen.Add(s);)
        {
            found.AddRange(s.Clauses.OfType<WhenClauseSyntax>());
            string? op = s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text;
            s = s.Clauses.OfType<ExtendsClauseSyntax>().FirstOrDefault() is { } e && op is not null ? table.Schedules.GetValueOrDefault((op, e.Schedule.Text)) : null;
        }
        return found;
    }

    private CheckedSchedule Check(ScheduleSyntax schedule, Operator op)
    {
        var first = Apply(schedule, op, null, null);
        if (!first.Applied.HasErrors || !first.Applied.IsOpen) return first;
        var sized = Sized(schedule, op, null);
        // What is proved once sizes are known is better known than what is checked; a kernel for all sizes needs the check.
        if (sized is { Applied.HasErrors: false })
        {
            if (schedules.Budget.MayTest) Apply(schedule, op, null, schedules.Budget);
            return sized;
        }
        if (sized is not null && !sized.Applied.IsUndecided) return sized;
        var general = Apply(schedule, op, null, schedules.Budget);
        if (!general.Applied.HasErrors || general.Applied.Function.Diagnostics.Any(d => d.Descriptor == ScheduleRefusals.Disproved)) return general;
        return Sized(schedule, op, schedules.Budget) is { Applied.HasErrors: false } checkedThere ? checkedThere : general;
    }

    private CheckedSchedule Apply(ScheduleSyntax schedule, Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes, CheckingBudget? budget)
    {
        var choice = new ScheduleChoice(schedule, ImmutableSortedDictionary<string, long>.Empty);
        return new(schedule, schedules.Apply(choice, op, NestBuilder.Build(op, sizes, keepsEmptyLoops: true).Functions[0], sizes, budget, onlyWhen: true), sizes is null ? null : [.. op.Dims.Select(d => (d.Name, sizes[d]))], op.Consts);
    }

    // At the first sizes that the operator and the schedule admit.
    private CheckedSchedule? Sized(ScheduleSyntax schedule, Operator op, CheckingBudget? budget)
    {
        foreach (var sizes in Candidates(op))
        {
            if (ScheduleResolver.DeviceOf(schedule) is null && schedules.Applies(schedule, op, sizes) is false || !IsAdmitted(op, sizes)) continue;
            var found = Apply(schedule, op, sizes, budget);
            if (!found.Applied.Elaborated!.IsOutsideRequirements) return found;
        }
        return null;
    }

    private static IEnumerable<Dictionary<DimSymbol, long>> Candidates(Operator op)
    {
        foreach (long size in TrialSizes) yield return op.Dims.ToDictionary(d => d, _ => size);
        // A condition such as `M == 1` is about one dimension.
        foreach (var special in op.Dims)
            foreach (long size in TrialSizes)
                yield return op.Dims.ToDictionary(d => d, d => d == special ? size : 64);
        // One such as `(W - S) % 7 == 0`, beside a `require`, is about several.
        var random = new Random(1);
        for (int draw = 0; draw < Draws; draw++) yield return op.Dims.ToDictionary(d => d, _ => DrawnSizes[random.Next(DrawnSizes.Length)]);
    }

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> sizes)
    {
        try { operators.Admit(op, sizes); }
        catch (DiagnosticException) { return false; }
        return true;
    }
}
