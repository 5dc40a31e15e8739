using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Turns the text of a schedule into a list of steps. It knows the operator's interface and no loop nest: whether a step is legal is
/// decided where it is done.</summary>
public static class ScheduleElaborator
{
    /// <summary>Runs a schedule for one choice of its knobs. Pure: handles and lists are made anew each time.</summary>
    /// <param name="op">The operator that the schedule names.</param>
    /// <param name="module">Where strategies, instructions, targets, other schedules and constants are found.</param>
    /// <param name="sizes">The dimensions that are known; null where none is.</param>
    /// <param name="knobs">Values for knobs; the others have what the text says.</param>
    public static ElaboratedSchedule Elaborate(
        ScheduleSyntax schedule, OperatorInterface op, ModuleBinder module, CpuTarget target,
        IReadOnlyDictionary<DimSymbol, long>? sizes = null, IReadOnlyDictionary<string, long>? knobs = null)
    {
        var bag = new DiagnosticBag();
        var chain = ScheduleHeader.Chain(schedule, module.Table, bag);
        ScheduleHeader.Check(schedule, module.Table, bag);
        var run = new ScheduleRun(schedule, op, module, target, sizes, knobs).Execute(chain);
        return bag.Items.Count == 0 ? run : run with { Diagnostics = [.. bag.Items, .. run.Diagnostics] };
    }

    /// <summary>What is wrong with a strategy whatever it is called with: names, types, primitives and their arguments, results that are not bound.</summary>
    public static ImmutableArray<Diagnostic> CheckStrategy(StrategySyntax strategy, ModuleBinder module, CpuTarget target) =>
        new ScheduleRun(new(strategy.Span, strategy.Name, [], []), new(strategy.Name.Text, [], [], [], ImmutableDictionary<string, Scalar>.Empty), module, target, null, null).CheckStrategy(strategy);

    /// <summary>The errors in the head of a schedule: its operator, target and what it extends. All that can be said of a schedule whose operator is unknown.</summary>
    public static ImmutableArray<Diagnostic> CheckHeader(ScheduleSyntax schedule, DeclarationTable table)
    {
        var bag = new DiagnosticBag();
        ScheduleHeader.Chain(schedule, table, bag);
        ScheduleHeader.Check(schedule, table, bag);
        return [.. bag.Items];
    }

    /// <summary>The errors in what decides whether dispatch takes a schedule: its head, and its <c>when</c> for sizes that are not known.</summary>
    public static ImmutableArray<Diagnostic> CheckDispatch(ScheduleSyntax schedule, OperatorInterface op, ModuleBinder module, CpuTarget target)
    {
        var errors = CheckHeader(schedule, module.Table);
        if (errors.Any(d => d.IsError)) return errors;
        var run = new ScheduleRun(schedule, op, module, target, null, null);
        run.Applies(ScheduleSelector.ConditionsOf(schedule, module.Table));
        return [.. errors, .. run.Diagnostics];
    }
}
