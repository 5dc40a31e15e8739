using Tx.Core;
using Tx.Display;

namespace Tx.Repl;

/// <summary>Results to standard output, diagnostics to standard error.</summary>
internal sealed class ConsoleOutput(TextWriter output, TextWriter error) : ISessionOutput
{
    public void Print(string text) => output.WriteLine(text);
    public void Display(DisplayBundle bundle) => output.WriteLine(bundle.Plain);
    public void Echo(Value value) => Display(Formatters.Of(value));
    public void Bench(BenchResult result) => Display(Formatters.Of(result));
    public void Note(string line) => error.WriteLine(line);
    public void Report(Diagnostic diagnostic) => error.Write(DiagnosticRenderer.Render([diagnostic]));
}
