using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Chooses among the schedules of an operator.</summary>
public static class ScheduleSelector
{
    /// <summary>Whether a schedule may be used: its target and features, and the <c>when</c> of it and of what it extends. Null where that depends
    /// on sizes that are not known, and where the <c>when</c> has an error, which elaboration reports.</summary>
    public static bool? Applies(ScheduleSyntax schedule, OperatorInterface op, ModuleBinder module, CpuTarget target, IReadOnlyDictionary<DimSymbol, long>? sizes = null)
    {
        var chain = ScheduleHeader.Chain(schedule, module.Table, null);
        if (schedule.Clauses.OfType<OnClauseSyntax>().FirstOrDefault()?.Target.Text != "cpu" || !Features(chain).All(target.Has)) return false;
        return new ScheduleRun(schedule, op, module, target, sizes, null).Applies(ConditionsOf(schedule, module.Table));
    }

    /// <summary>The <c>when</c> of a schedule and of what it extends.</summary>
    public static IEnumerable<ExpressionSyntax> ConditionsOf(ScheduleSyntax schedule, DeclarationTable table) =>
        ScheduleHeader.Chain(schedule, table, null).SelectMany(s => s.Clauses).OfType<WhenClauseSyntax>().Select(w => w.Condition);

    /// <summary>The first that applies: those with more features first, then those with a <c>when</c>, then the order given. Null where none does.</summary>
    public static ScheduleSyntax? Choose(
        IEnumerable<ScheduleSyntax> candidates, OperatorInterface op, ModuleBinder module, CpuTarget target, IReadOnlyDictionary<DimSymbol, long>? sizes = null) =>
        Order(candidates, module.Table).FirstOrDefault(s => Applies(s, op, module, target, sizes) == true);

    /// <summary>The order in which schedules are tried.</summary>
    public static ImmutableArray<ScheduleSyntax> Order(IEnumerable<ScheduleSyntax> candidates, DeclarationTable table) =>
    [
        .. candidates.Select(s => (Schedule: s, Chain: ScheduleHeader.Chain(s, table, null)))
            .OrderByDescending(c => Features(c.Chain).Count)
            .ThenByDescending(c => c.Chain.Any(s => s.Clauses.OfType<WhenClauseSyntax>().Any()))
            .Select(c => c.Schedule),
    ];

    private static HashSet<string> Features(ImmutableArray<ScheduleSyntax> chain) =>
        chain.SelectMany(s => s.Clauses).OfType<OnClauseSyntax>().SelectMany(c => c.Features).ToHashSet(StringComparer.Ordinal);
}
