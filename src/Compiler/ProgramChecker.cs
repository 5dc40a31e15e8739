using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Everything that can be said of a program without running it: each operator is bound and proved for a representative choice of
/// types, ranks and <c>const</c> values, and the statements are followed with shapes instead of data.</summary>
internal static class ProgramChecker
{
    /// <param name="isChecked">Not null at a prompt: the declarations that are new, or rest on what is new.</param>
    public static void Check(LoadedProgram program, SessionScope scope, OperatorResolver resolver, ScheduleChecker schedules, DiagnosticBag bag, Func<ItemSyntax, bool>? isChecked = null)
    {
        resolver.CheckDeclarations(program, bag, isChecked);
        schedules.Check(program, isChecked, bag);
        CheckStatements(program.Tree.Root.Items, new(scope, new CheckingMachine(), isCheck: true) { MayRebind = isChecked is not null }, bag);
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
