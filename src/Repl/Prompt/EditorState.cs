using System.Collections.Immutable;
using Tx.Core;
using Tx.LanguageServices;

namespace Tx.Repl.Prompt;

/// <summary>How editing ended.</summary>
internal enum EditorOutcome { Editing, Submitted, Abandoned, Left }

/// <summary>A text with its caret, in UTF-16 units; the caret stands between two characters that people see.</summary>
internal readonly record struct Snapshot(string Text, int Caret);

/// <summary>The list of completions under the caret.</summary>
/// <param name="Replaces">What an entry takes the place of.</param>
/// <param name="Selected">-1: none is chosen yet, and Enter is not for the list.</param>
internal sealed record Popup(ImmutableArray<CompletionEntry> Entries, TextSpan Replaces, int Selected)
{
    public CompletionEntry Current => Entries[Math.Max(0, Selected)];
}

/// <summary>A search backwards through the history.</summary>
/// <param name="Match">The entry that is shown; -1: none has the query.</param>
/// <param name="Before">What was there before the search.</param>
internal sealed record HistorySearch(string Query, int Match, Snapshot Before);

/// <summary>What the editor knows. Immutable; <see cref="Editor.Step"/> gives the next.</summary>
internal sealed record EditorState
{
    public static readonly EditorState Empty = new();

    public string Text { get; init; } = "";
    public int Caret { get; init; }
    /// <summary>What <see cref="KeyCode.Undo"/> goes back to, and <see cref="KeyCode.Redo"/> forward.</summary>
    public ImmutableStack<Snapshot> Past { get; init; } = [];
    public ImmutableStack<Snapshot> Future { get; init; } = [];
    /// <summary>The last edit was a letter: the next belongs to the same step of undo.</summary>
    public bool IsTyping { get; init; }
    /// <summary>What was cut last.</summary>
    public string Killed { get; init; } = "";
    /// <summary>The entry of the history that is shown; -1: none.</summary>
    public int Entry { get; init; } = -1;
    /// <summary>What was typed before the history was entered: entries that begin with it are shown.</summary>
    public string Draft { get; init; } = "";
    /// <summary>The column that Up and Down keep to; -1: that of the caret.</summary>
    public int Column { get; init; } = -1;
    public Popup? Popup { get; init; }
    public HistorySearch? Search { get; init; }
    public EditorOutcome Outcome { get; init; }

    public Snapshot Snapshot => new(Text, Caret);
}

/// <summary>What the editor asks of the language. PrettyPrompt's callbacks could be served from the same.</summary>
internal interface IEditorLanguage
{
    /// <summary>False where Enter goes on in a new line.</summary>
    bool IsComplete(string text);
    CompletionResult Complete(string text, int caret);
    /// <summary>Earlier entries, the oldest first.</summary>
    IReadOnlyList<string> History { get; }
}
