using System.Collections.Immutable;
using Tx.Core;
using Tx.LanguageServices;
using Tx.Lang.Syntax;

namespace Tx.Shells;

/// <summary>What was submitted.</summary>
/// <param name="IsDone">It ran to its end.</param>
public sealed record ShellEntry(int Number, string Text, bool IsDone);

/// <summary>Takes what people type, at a prompt or in a notebook's cell: program text, and commands that begin with <c>:</c> or <c>%</c>. Knows no console.
/// Not safe for several threads; a token may be cancelled from any.</summary>
public sealed class Shell : IDisposable
{
    private readonly List<ShellEntry> _history = [];

    public Shell(SessionOptions options, ISessionOutput output)
    {
        Output = output;
        Session = new(options, output);
    }

    public Session Session { get; }
    public ISessionOutput Output { get; }
    public IReadOnlyList<ShellEntry> History => _history;
    /// <summary>The number of the next entry.</summary>
    public int NextNumber => _history.Count + 1;

    /// <summary>Runs a text: commands on lines of their own, and program text between them.</summary>
    /// <param name="label">What messages call the text: <c>&lt;prompt 3&gt;</c>.</param>
    /// <returns>False where something fails or is cancelled, which is reported; what comes after it does not run.</returns>
    public bool Submit(string text, string label, CancellationToken cancellation = default)
    {
        bool isDone = Session.Submit(new SourceText(label, text), cancellation);
        _history.Add(new(NextNumber, text, isDone));
        return isDone;
    }

    /// <summary>False where a prompt should ask for another line.</summary>
    public bool IsComplete(string text) => IsCommand(text) || SyntaxParser.IsComplete(new SourceText("<prompt>", text));

    /// <summary>Whether a text begins with a command.</summary>
    public static bool IsCommand(string text) => text.AsSpan().TrimStart() is [':' or '%', >= 'a' and <= 'z', ..];

    /// <summary>What may be written at a place of a text that is being typed.</summary>
    /// <param name="offset">In UTF-16 units from the start of the text.</param>
    public CompletionResult Complete(string text, int offset) => new(new(new("<prompt>", text), new(offset, 0)), []);

    /// <summary>What is known of the name at a place, as Markdown; null where there is none.</summary>
    public HoverResult? Inspect(string text, int offset) => null;

    public void Dispose() => Session.Dispose();
}
