using System.Collections.Immutable;
using System.Diagnostics;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>How one <c>test</c> of a program went.</summary>
/// <param name="Span">The whole declaration.</param>
/// <param name="Diagnostics">Errors of its body or of its run; the test passed where none of them is an error.</param>
/// <param name="Time">Of its check, the compilation of the kernels that it is the first to need, and its run.</param>
public sealed record TestResult(string Title, SourceSpan Span, ImmutableArray<Diagnostic> Diagnostics, TimeSpan Time)
{
    public bool Passed => !Diagnostics.Any(d => d.IsError);
}

/// <summary>Checks and runs the tests of a program, each with values of its own.</summary>
/// <param name="newScope">Makes a scope that sees the program's declarations and no values.</param>
internal sealed class TestRunner(LoadedProgram program, Func<SessionScope> newScope, IOperatorMachine machine)
{
    /// <summary>Checks and then runs one test. It ends with its first failure while it runs.</summary>
    public TestResult Run(TestSyntax test)
    {
        long start = Stopwatch.GetTimestamp();
        var bag = new DiagnosticBag();
        Session.Guard(bag, () => Check(test, bag));
        if (!bag.HasErrors) Session.Guard(bag, () => Execute(test));
        return new(test.Title, test.Span, [.. bag.Items], Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Reports what is wrong with a test without running it.</summary>
    public void Check(TestSyntax test, DiagnosticBag bag)
    {
        var found = new DiagnosticBag();
        foreach (var item in test.Body)
            if (Misplaced(item) is { } d) found.Add(d);
        ProgramChecker.CheckStatements(test.Body, new(newScope(), new CheckingMachine(), isCheck: true), found);
        foreach (var d in found.Items) bag.Add(WithOutside(d));
    }

    private void Execute(TestSyntax test)
    {
        var scope = newScope();
        try
        {
            var runner = new StatementRunner(scope, machine, isCheck: false);
            foreach (var item in test.Body) runner.Run(item);
        }
        finally
        {
            scope.Release();
        }
    }

    private static Diagnostic? Misplaced(ItemSyntax item) => item switch
    {
        BenchSyntax => Refuse(item, "`bench`", "move it out of the test; `tx bench` measures an operator"),
        ConstSyntax => Refuse(item, "`const`", "write `let`, or move it out of the test"),
        ImportSyntax or TestSyntax or OpSyntax or ReducerSyntax or StrategySyntax or ScheduleSyntax or IntrinSyntax or TargetSyntax =>
            Refuse(item, "a declaration", "move it out of the test"),
        _ => null,
    };

    private static Diagnostic Refuse(ItemSyntax item, string what, string help) =>
        Diagnostic.Create(SessionDiagnostics.NotAStatement, item.Span, $"{what} in a test", help);

    // A value that the file binds is not there while a test runs.
    private Diagnostic WithOutside(Diagnostic d)
    {
        if (d.Descriptor != SessionDiagnostics.UnknownName || d.Span is not { } span) return d;
        var let = program.Tree.Root.Items.OfType<LetSyntax>().FirstOrDefault(l => StatementRunner.TargetsOf(l).Any(t => t.Name == span.Text));
        return let is null ? d : (d with { Fix = null }).WithHelp("a test does not see the values of the file: bind it inside the test").WithLabel(let.Target.Span, "bound by the file");
    }
}
