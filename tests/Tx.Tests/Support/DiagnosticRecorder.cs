using Tx.Core;
using Tx.Display;

namespace Tx.Tests.Support;

/// <summary>Keeps what is reported of a program that does not run.</summary>
internal sealed class DiagnosticRecorder : ISessionOutput
{
    public List<Diagnostic> Reported { get; } = [];
    public void Print(string text) => Assert.Fail(text);
    public void Display(DisplayBundle bundle) => Assert.Fail("nothing runs");
    public void Echo(Value value) => Assert.Fail("nothing runs");
    public void Bench(BenchResult result) => Assert.Fail("nothing runs");
    public void Report(Diagnostic diagnostic) => Reported.Add(diagnostic);
}
