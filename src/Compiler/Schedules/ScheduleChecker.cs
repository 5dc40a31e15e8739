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

    public void Check(LoadedProgram program, bool isPrompt, DiagnosticBag bag)
    {
        Checked.Clear();
        foreach (var schedule in program.Declarations.Schedules.Values.OrderBy(s => s.Span.Source.Path, StringComparer.Ordinal).ThenBy(s => s.Span.Span.Start))
        {
            if (isPrompt && !program.Tree.Root.Items.Contains(schedule)) continue;
            if (Check(schedule, program.Declarations, bag) is { } result) Checked.Add(result);
        }
        foreach (var d in NeverChosen(program, isPrompt)) bag.Add(d);
    }

    /// <summary>Checks one schedule; null where it cannot be applied to its operator.</summary>
    public CheckedSchedule? Check(ScheduleSyntax schedule, DeclarationTable table, DiagnosticBag bag)
    {
        var errors = ScheduleElaborator.CheckHeader(schedule, table);
        bag.AddRange(errors);
        if (errors.Any(d => d.IsError) || !table.Operators.TryGetValue(schedule.Clauses.OfType<ForClauseSyntax>().First().Operator.Text, out var op)) return null;
        // What is wrong with the operator has been reported with it.
        if (operators.Binder.Bind(op, Specialisation.Representative(op), new DiagnosticBag()) is not { } bound) return null;
        if (Check(schedule, bound) is not { } result) return null;
        foreach (var d in result.Applied.Diagnostics)
            if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
        return result;
    }

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
        var choice = new ScheduleChoice(schedule, ImmutableSortedDictionary<string, long>.Empty);
        CheckedSchedule? first = null;
        AppliedSchedule Apply(IReadOnlyDictionary<DimSymbol, long>? sizes) => schedules.Apply(choice, op, NestBuilder.Build(op, sizes, keepsEmptyLoops: true).Functions[0], sizes);
        if (schedules.TargetOf(schedule) is null) return null;
        first = new(schedule, Apply(null), null);
        if (!first.Applied.HasErrors || !IsOpen(first.Applied)) return first;
        foreach (var sizes in Candidates(op))
        {
            if (schedules.Applies(schedule, op, sizes) is false || !IsAdmitted(op, sizes)) continue;
            var applied = Apply(sizes);
            if (applied.Elaborated.IsOutsideRequirements) continue;
            return new(schedule, applied, [.. op.Dims.Select(d => (d.Name, sizes[d]))]);
        }
        return first;
    }

    // Every error may be gone when sizes are known.
    private static bool IsOpen(AppliedSchedule applied) =>
        (!applied.Elaborated.HasErrors || applied.Elaborated.NeedsSizes) && applied.Function.Diagnostics.All(d => !d.IsError || d.Descriptor == ScheduleRefusals.NotDecided);

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
