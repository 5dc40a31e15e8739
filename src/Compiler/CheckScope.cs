using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Which declarations of a program are proved before it runs. What is left out is proved when it is first used.</summary>
/// <param name="IsAtPrompt">Names may be bound again, and what is declared may be used by a later text.</param>
internal sealed record CheckScope(Func<ItemSyntax, bool> Includes, bool IsAtPrompt = false)
{
    /// <summary>All that the program sees.</summary>
    public static CheckScope Whole { get; } = new(_ => true);

    /// <summary>All but what is imported from the library's folder.</summary>
    public static CheckScope WithoutLibrary(SourceText program) => new(i => ReferenceEquals(i.Span.Source, program) || !ProgramLoader.IsLibrary(i.Span.Source));

    /// <summary>At a prompt: what a text changes, but for what it imports from the library's folder.</summary>
    public static CheckScope New(Func<ItemSyntax, bool> isSame) => new(i => !isSame(i) && !ProgramLoader.IsLibrary(i.Span.Source), IsAtPrompt: true);
}
