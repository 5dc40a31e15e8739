using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Display;
using Tx.Shells;

namespace Tx.Repl.Notebook;

/// <summary>Where a notebook shows what a cell gives.</summary>
internal interface ICellSink
{
    void Display(DisplayBundle bundle);
    /// <summary>The value of an expression that stands alone.</summary>
    void Result(DisplayBundle bundle);
}

/// <summary>How a cell ended.</summary>
/// <param name="Errors">What was wrong with it, in the order in which it was found.</param>
internal sealed record CellOutcome(bool IsDone, ImmutableArray<Diagnostic> Errors);

/// <summary>Runs cells in a shell. What they print goes through the capture of native output, so that everything arrives in its order. For one thread.</summary>
internal sealed class CellSession : IDisposable
{
    private readonly Output _output;

    public CellSession(NativeCapture capture, SessionOptions? options = null)
    {
        _output = new(capture);
        Shell = new(options ?? new(), _output);
    }

    public Shell Shell { get; }

    /// <summary>Is told of each statement of a cell before it runs.</summary>
    public Action<SourceSpan>? Started { set => _output.Begun = value; }

    /// <summary>Runs a cell to its end; what goes wrong is in the outcome.</summary>
    public CellOutcome Run(string code, string label, ICellSink sink, CancellationToken cancellation) => With(sink, () => Shell.Submit(code, label, cancellation));

    /// <summary>The value of an expression in its forms.</summary>
    public (DisplayBundle? Value, CellOutcome Outcome) Evaluate(string expression, CancellationToken cancellation)
    {
        var last = new LastResult();
        var outcome = With(last, () => Shell.Session.Submit(new SourceText("<expression>", expression), cancellation));
        return (last.Value, outcome);
    }

    private CellOutcome With(ICellSink sink, Func<bool> run)
    {
        _output.Sink = sink;
        _output.Errors.Clear();
        try
        {
            bool isDone = run();
            return new(isDone, [.. _output.Errors]);
        }
#pragma warning disable CA1031 // Whatever it is, the notebook goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // A defect of ours, or a limit of the machine: the session goes on.
            return new(false, [.. _output.Errors, Diagnostic.Create(NotebookDiagnostics.CellFailed, null, e.Message)]);
        }
        finally
        {
            _output.Sink = null;
        }
    }

    public static string Label(int number) => string.Create(CultureInfo.InvariantCulture, $"<cell {number}>");

    public void Dispose() => Shell.Dispose();

    private sealed class LastResult : ICellSink
    {
        public DisplayBundle? Value { get; private set; }
        public void Display(DisplayBundle bundle) => Value ??= bundle;
        public void Result(DisplayBundle bundle) => Value = bundle;
    }

    private sealed class Output(NativeCapture capture) : ISessionOutput
    {
        public ICellSink? Sink { get; set; }
        public List<Diagnostic> Errors { get; } = [];
        public Action<SourceSpan>? Begun { get; set; }

        public void Print(string text) => capture.Print(text + "\n");

        public void Display(DisplayBundle bundle)
        {
            capture.Flush();
            Sink?.Display(bundle);
        }

        public void Echo(Value value)
        {
            capture.Flush();
            Sink?.Result(Formatters.Of(value));
        }

        public void Started(SourceSpan statement) => Begun?.Invoke(statement);
        public void Bench(BenchResult result) => Display(Formatters.Of(result));

        public void Report(Diagnostic diagnostic)
        {
            if (diagnostic.IsError) Errors.Add(diagnostic);
            else capture.PrintError(DiagnosticRenderer.Render([diagnostic]));
        }
    }
}
