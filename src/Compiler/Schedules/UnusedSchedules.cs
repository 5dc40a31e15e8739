using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Schedules of operators that run only inside of others. A call inside an operator becomes stages of the caller, which the caller's schedule orders, so that
/// the callee's own schedules have no effect on it.</summary>
internal static class UnusedSchedules
{
    /// <summary>Says so of the schedules in a program's own text, where its statements or tests run the operator and never call it themselves. A file that
    /// only declares is a library, whose operators are called elsewhere.</summary>
    public static IEnumerable<Diagnostic> Find(LoadedProgram program)
    {
        var table = program.Declarations;
        var statements = program.Tree.Root.Items.Where(i => i is TestSyntax or LetSyntax or SimpleSyntax or AssertSyntax or BenchSyntax).ToList();
        var direct = Called(statements, table.Operators).ToHashSet(StringComparer.Ordinal);
        // Each operator that runs, with one that calls it.
        var callers = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<string>(direct);
        while (open.TryDequeue(out string? caller))
            foreach (string callee in Called([table.Operators[caller]], table.Operators))
                if (callee != caller && callers.TryAdd(callee, caller)) open.Enqueue(callee);

        foreach (var schedule in program.Tree.Root.Items.OfType<ScheduleSyntax>())
            if (schedule.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is { Operator.Text: var op } && !direct.Contains(op) && callers.TryGetValue(op, out string? by)
                && ScheduleResolver.DeviceOf(schedule) is null)
                yield return Diagnostic.Create(SessionDiagnostics.ScheduleUnused, schedule.Name.Span, schedule.Name.Text, op, by);
    }

    private static IEnumerable<string> Called(IEnumerable<SyntaxNode> nodes, IReadOnlyDictionary<string, OpSyntax> operators) =>
        nodes.SelectMany(n => n.DescendantsAndSelf()).OfType<CallSyntax>().Select(c => c.Target).OfType<NameExpressionSyntax>().Select(n => n.Name).Where(operators.ContainsKey);
}
