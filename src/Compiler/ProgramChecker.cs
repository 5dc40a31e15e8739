using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Everything that can be said of a program without running it: each operator is bound and proved for a representative choice of
/// types, ranks and <c>const</c> values, and the statements are followed with shapes instead of data.</summary>
internal static class ProgramChecker
{
    public static void Check(LoadedProgram program, SessionScope scope, OperatorResolver resolver, ScheduleChecker schedules, CheckScope declarations, DiagnosticBag bag)
    {
        resolver.CheckDeclarations(program, declarations.Includes, bag);
        schedules.Check(program, declarations, bag);
        CheckStatements(program.Tree.Root.Items, new(scope, new CheckingMachine(), isCheck: true) { MayRebind = declarations.IsAtPrompt }, bag);
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
}
