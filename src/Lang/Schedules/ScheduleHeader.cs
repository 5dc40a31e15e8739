using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>The clauses of a schedule.</summary>
internal static class ScheduleHeader
{
    /// <summary>The targets that need no declaration.</summary>
    public static readonly ImmutableArray<string> Targets = ["cpu", "gpu"];

    public static string? Operator(ScheduleSyntax s) => s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text;

    /// <summary>The schedules that this one extends, the first of all in front, and itself at the end.</summary>
    public static ImmutableArray<ScheduleSyntax> Chain(ScheduleSyntax schedule, DeclarationTable table, DiagnosticBag? bag)
    {
        string op = Operator(schedule) ?? "";
        var chain = new List<ScheduleSyntax> { schedule };
        for (var s = schedule; s.Clauses.OfType<ExtendsClauseSyntax>().FirstOrDefault() is { Schedule: var name };)
        {
            if (!table.Schedules.TryGetValue((op, name.Text), out var next))
            {
                // Without an operator there is nothing to look among, and that is said.
                if (op.Length > 0) bag?.Add(Diagnostic.Create(ScheduleDiagnostics.UnknownBase, name.Span, name.Text, op)
                    .Suggest(name.Span, name.Text, table.Schedules.Keys.Where(k => k.Operator == op && k.Name != schedule.Name.Text).Select(k => k.Name)));
                break;
            }
            if (chain.Any(c => ReferenceEquals(c, next)))
            {
                string way = string.Join(" and ", chain.Skip(1).Select(c => $"`{c.Name.Text}`"));
                bag?.Add(Diagnostic.Create(ScheduleDiagnostics.CircularBase, name.Span, next.Name.Text, ReferenceEquals(next, schedule) && way.Length > 0 ? $" through {way}" : ""));
                break;
            }
            chain.Add(s = next);
        }
        chain.Reverse();
        return [.. chain];
    }

    public static void Check(ScheduleSyntax schedule, DeclarationTable table, DiagnosticBag bag)
    {
        string name = schedule.Name.Text;
        if (schedule.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is not { Operator: var op }) bag.Add(ScheduleDiagnostics.NoOperator, schedule.Name.Span, name);
        else if (!table.Operators.ContainsKey(op.Text))
            bag.Add(Diagnostic.Create(ScheduleDiagnostics.UnknownOperator, op.Span, op.Text).Suggest(op.Span, op.Text, table.Operators.Keys));
        if (schedule.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is not { Target: var on }) bag.Add(ScheduleDiagnostics.NoTarget, schedule.Name.Span, name);
        else if (!Targets.Contains(on.Text) && !table.Targets.ContainsKey(on.Text))
        {
            var known = Targets.Concat(table.Targets.Keys).ToList();
            bag.Add(Diagnostic.Create(ScheduleDiagnostics.UnknownTarget, on.Span, on.Text, string.Join(", ", known)).Suggest(on.Span, on.Text, known));
        }
    }
}
