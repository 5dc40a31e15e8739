using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Everything that can be said of a program without running it: each operator is bound and proved for a representative choice of
/// types, ranks and <c>const</c> values, and the statements are followed with shapes instead of data.</summary>
internal static class ProgramChecker
{
    public static void Check(LoadedProgram program, SessionScope scope, OperatorResolver resolver, DiagnosticBag bag, bool isPrompt = false)
    {
        var table = program.Declarations;
        resolver.CheckDeclarations(program, bag);
        WarnOfSchedules(program, isPrompt, bag);

        CheckStatements(program.Tree.Root.Items, new(scope, new CheckingMachine(), isCheck: true) { MayRebind = isPrompt }, bag);
    }

    /// <summary>Follows statements with types instead of data.</summary>
    public static void CheckStatements(ValueArray<ItemSyntax> items, StatementRunner runner, DiagnosticBag bag)
    {
        foreach (var item in items)
        {
            try { runner.Run(item); }
            catch (DiagnosticException e)
            {
                // An operator's own errors have been reported with it.
                foreach (var d in e.Diagnostics)
                    if (!bag.Items.Any(known => (known.Code == d.Code || known.IsError) && known.Span == d.Span)) bag.Add(d);
                runner.BindUnknown(item);
            }
        }
    }

    // One warning for all schedules of a program.
    private static void WarnOfSchedules(LoadedProgram program, bool isPrompt, DiagnosticBag bag)
    {
        var schedules = program.Declarations.Schedules.Values.Where(s => !isPrompt || program.Tree.Root.Items.Contains(s)).ToList();
        if (schedules.Count == 0) return;
        string names = string.Join(", ", schedules.Select(s => $"`{s.Name.Text}`").Distinct());
        bag.Add(SessionDiagnostics.ScheduleNotApplied, schedules[0].Name.Span, names);
    }
}
