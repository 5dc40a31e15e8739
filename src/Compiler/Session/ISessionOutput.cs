using Tx.Core;
using Tx.Display;

namespace Tx;

/// <summary>Where a session's results go. A front end implements it; the session knows no console.</summary>
public interface ISessionOutput
{
    /// <summary>The text of a <c>print</c>.</summary>
    void Print(string text);
    /// <summary>The values of a <c>print</c>, for a front end that shows more of them than their text.</summary>
    void Print(IReadOnlyList<Value> values) => Print(string.Join(' ', values.Select(ValuePrinter.Print)));
    /// <summary>A view: text, and something richer where the front end can show it.</summary>
    void Display(DisplayBundle bundle);
    /// <summary>The value of an expression that stands alone at the prompt.</summary>
    void Echo(Value value);
    /// <summary>What a <c>bench</c> measured.</summary>
    void Bench(BenchResult result);
    void Report(Diagnostic diagnostic);
    /// <summary>A statement begins to run.</summary>
    void Started(SourceSpan statement) { }
    /// <summary>A line about what the session has done on its own: what a redefinition builds again.</summary>
    void Note(string line) => Print(line);
}
