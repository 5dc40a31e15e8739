using System.Collections.Frozen;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Leaves out what would be guesses: what follows from a text that could not be read, or from a file that is not there.</summary>
internal static class ReportFilter
{
    private static readonly FrozenSet<DiagnosticDescriptor> UnknownNames = new[]
    {
        SemanticDiagnostics.UnknownName, SemanticDiagnostics.UnknownFunction, SessionDiagnostics.UnknownName, SessionDiagnostics.UnknownFunction,
    }.ToFrozenSet();

    /// <param name="found">What was found.</param>
    /// <param name="items">The items of the text in which it was found.</param>
    public static IEnumerable<Diagnostic> Select(IReadOnlyCollection<Diagnostic> found, IEnumerable<ItemSyntax> items)
    {
        // Names that a missing import may declare, and the meaning of a declaration that could not be read, would be guesses.
        bool lacksImport = found.Any(d => d.Descriptor == SemanticDiagnostics.ImportFailed);
        // Warnings about a text that could not be read whole would be guesses.
        bool isUnread = found.Any(IsSyntactic);
        var unread = isUnread ? items.Where(i => found.Any(d => IsSyntactic(d) && IsIn(d, i))).ToList() : [];
        foreach (var d in found)
        {
            if (isUnread && !d.IsError) continue;
            if (lacksImport && UnknownNames.Contains(d.Descriptor)) continue;
            if (!IsSyntactic(d) && unread.Exists(i => IsIn(d, i))) continue;
            yield return d;
        }

        static bool IsSyntactic(Diagnostic d) => d.IsError && d.Code.StartsWith("TX0", StringComparison.Ordinal);

        static bool IsIn(Diagnostic d, ItemSyntax item) => d.Span is { } span && ReferenceEquals(span.Source, item.Span.Source)
            && span.Span.Start >= item.Span.Span.Start && span.Span.End <= item.Span.Span.End;
    }
}
