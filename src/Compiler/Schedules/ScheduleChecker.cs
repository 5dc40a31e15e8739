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
public sealed record CheckedSchedule(ScheduleSyntax Syntax, AppliedSchedule Applied, ImmutableArray<(string Name, long Size)>? Sizes);

/// <summary>Checks declared schedules without running anything: for all sizes, and where that leaves something open at sizes that the operator admits.</summary>
internal sealed class ScheduleChecker(ScheduleResolver schedules, OperatorResolver operators)
{
    /// <summary>Sizes to try, one for all dimensions at first.</summary>
    private static readonly ImmutableArray<long> TrialSizes = [64, 96, 128, 17, 1, 256, 1024];

    /// <summary>The schedules of the last check that could be applied to an operator, in the order of the text.</summary>
    public List<CheckedSchedule> Checked { get; } = [];

    /// <summary>Schedules with steps that are not proved for all sizes.</summary>
    private readonly HashSet<ScheduleSyntax> _open = new(ReferenceEqualityComparer.Instance);

    /// <summary>Checks the steps of a call's schedule that are not proved for all sizes, at the sizes and for the constants of the call, so that its evidence is at hand when it runs. What
    /// is wrong with them is said then.</summary>
    public void Prepare(Operator op, IReadOnlyDictionary<DimSymbol, long> sizes, ScheduleChoice? choice)
    {
        if (_open.Count == 0 || (choice ?? schedules.Choose(op, sizes)) is not { } taken || !_open.Contains(taken.Schedule)) return;
        schedules.Apply(taken, op, NestBuilder.Build(op, sizes, keepsEmptyLoops: true).Functions[0], sizes, schedules.Budget);
    }

    public void Check(LoadedProgram program, bool isPrompt, DiagnosticBag bag)
    {
        Checked.Clear();
        _open.Clear();
        foreach (var schedule in program.Declarations.Schedules.Values.OrderBy(s => s.Span.Source.Path, StringComparer.Ordinal).ThenBy(s => s.Span.Span.Start))
        {
            if (isPrompt && !program.Tree.Root.Items.Contains(schedule)) continue;
            var errors = ScheduleElaborator.CheckHeader(schedule, program.Declarations);
            bag.AddRange(errors);
            if (errors.Any(d => d.IsError) || !program.Declarations.Operators.TryGetValue(schedule.Clauses.OfType<ForClauseSyntax>().First().Operator.Text, out var op)) continue;
            // What is wrong with the operator has been reported with it.
            if (operators.Binder.Bind(op, Specialisation.Representative(op), new DiagnosticBag()) is not { } bound) continue;
            if (Check(schedule, bound) is not { } result) continue;
            Checked.Add(result);
            foreach (var d in result.Applied.Diagnostics)
                if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
        }
        foreach (var d in NeverChosen(program, isPrompt)) bag.Add(d);
    }

    /// <summary>Schedules that dispatch never takes, because one before them always applies where they do; unless they are named.</summary>
    private static IEnumerable<Diagnostic> NeverChosen(LoadedProgram program, bool isPrompt)
    {
        var table = program.Declarations;
        var named = table.Schedules.Values.SelectMany(s => s.Clauses).OfType<ExtendsClauseSyntax>().Select(c => c.Schedule.Text)
            .Concat(program.Tree.Root.DescendantsAndSelf().OfType<ArgumentSyntax>().Where(a => a.Name?.Text == "using").Select(a => a.Value.Span.Text)).ToHashSet(StringComparer.Ordinal);
        foreach (var group in table.Schedules.GroupBy(s => s.Key.Operator))
        {
            var order = ScheduleSelector.Order(group.Select(s => s.Value), table);
            for (int n = 1; n < order.Length; n++)
            {
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

    private CheckedSchedule? Check(ScheduleSyntax schedule, Operator op)
    {
        if (schedules.TargetOf(schedule) is null) return null;
        var first = Apply(schedule, op, null, null);
        if (!first.Applied.HasErrors || !IsOpen(first.Applied)) return first;
        _open.Add(schedule);
        var sized = Sized(schedule, op, null);
        // What is proved once sizes are known is better known than what is checked; a kernel for all sizes needs the check.
        if (sized is { Applied.HasErrors: false })
        {
            if (schedules.Budget.MayTest) Apply(schedule, op, null, schedules.Budget);
            return sized;
        }
        if (sized is not null && !IsUndecided(sized.Applied)) return sized;
        var general = Apply(schedule, op, null, schedules.Budget);
        if (!general.Applied.HasErrors || general.Applied.Function.Diagnostics.Any(d => d.Descriptor == ScheduleRefusals.Disproved)) return general;
        return Sized(schedule, op, schedules.Budget) is { Applied.HasErrors: false } checkedThere ? checkedThere : general;
    }

    private CheckedSchedule Apply(ScheduleSyntax schedule, Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes, CheckingBudget? budget)
    {
        var choice = new ScheduleChoice(schedule, ImmutableSortedDictionary<string, long>.Empty);
        return new(schedule, schedules.Apply(choice, op, NestBuilder.Build(op, sizes, keepsEmptyLoops: true).Functions[0], sizes, budget, onlyWhen: true), sizes is null ? null : [.. op.Dims.Select(d => (d.Name, sizes[d]))]);
    }

    // At the first sizes that the operator and the schedule admit.
    private CheckedSchedule? Sized(ScheduleSyntax schedule, Operator op, CheckingBudget? budget)
    {
        foreach (var sizes in Candidates(op))
        {
            if (schedules.Applies(schedule, op, sizes) is false || !IsAdmitted(op, sizes)) continue;
            var found = Apply(schedule, op, sizes, budget);
            if (!found.Applied.Elaborated.IsOutsideRequirements) return found;
        }
        return null;
    }

    // Every error may be gone when sizes are known.
    private static bool IsOpen(AppliedSchedule applied) => (!applied.Elaborated.HasErrors || applied.Elaborated.NeedsSizes) && AllUndecided(applied);

    private static bool IsUndecided(AppliedSchedule applied) => !applied.Elaborated.HasErrors && AllUndecided(applied);

    private static bool AllUndecided(AppliedSchedule applied) => applied.Function.Diagnostics.All(d => !d.IsError || d.Descriptor == ScheduleRefusals.NotDecided);

    private static IEnumerable<Dictionary<DimSymbol, long>> Candidates(Operator op)
    {
        foreach (long size in TrialSizes) yield return op.Dims.ToDictionary(d => d, _ => size);
        // A condition such as `M == 1` is about one dimension.
        foreach (var special in op.Dims)
            foreach (long size in TrialSizes)
                yield return op.Dims.ToDictionary(d => d, d => d == special ? size : 64);
    }

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> sizes)
    {
        try { operators.Admit(op, sizes); }
        catch (DiagnosticException) { return false; }
        return true;
    }
}
