using System.Collections.Immutable;
using Tx.LanguageServices;

namespace Tx.Shells;

/// <summary>A command of the prompt and of notebooks: <c>:name arguments</c>, or <c>%name arguments</c>.</summary>
public sealed class ShellCommand
{
    /// <param name="run">Carries it out with the text of its arguments; false where it fails, which is reported.</param>
    internal ShellCommand(string name, string usage, string summary, Func<Shell, string, bool> run) => (Name, Usage, Summary, Run) = (name, usage, summary, run);

    /// <summary>Without its sign.</summary>
    public string Name { get; }
    /// <summary>How it is called.</summary>
    public string Usage { get; }
    /// <summary>One line of help.</summary>
    public string Summary { get; }
    public ImmutableArray<string> Aliases { get; init; } = [];
    /// <summary>What else there is to say; empty where the summary says it.</summary>
    public string Details { get; init; } = "";
    internal Func<Shell, string, bool> Run { get; }
    /// <summary>What may stand at the end of some arguments.</summary>
    internal Func<Shell, string, IEnumerable<CompletionEntry>> Complete { get; init; } = static (_, _) => [];
}
