using Tx.Core;

namespace Tx.Lang.Semantics;

/// <summary>"did you mean": the known name nearest to one that is not known, as help and as an edit.</summary>
internal static class Spelling
{
    public static Diagnostic Suggest(this Diagnostic diagnostic, SourceSpan? span, string name, IEnumerable<string> candidates)
    {
        if (Suggestion.For(name, candidates) is not { } near) return diagnostic;
        diagnostic = diagnostic.WithHelp($"did you mean `{near}`?");
        return span is { } place ? diagnostic.WithFix(place, near) : diagnostic;
    }

    /// <summary><c>1 dimension</c>, <c>2 dimensions</c>.</summary>
    public static string Count(int n, string noun) => n == 1 ? $"1 {noun}" : $"{n} {noun}s";

    /// <summary><c>1 was</c>, <c>2 were</c>.</summary>
    public static string Were(int n) => n == 1 ? "1 was" : $"{n} were";
}
