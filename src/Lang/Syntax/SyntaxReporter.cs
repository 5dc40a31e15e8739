using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>Collects the errors of one text: one for each statement, at most <see cref="Limit"/> altogether.</summary>
internal sealed class SyntaxReporter(SourceText source)
{
    public const int Limit = 100;
    private readonly List<Diagnostic> _found = [];
    private readonly HashSet<int> _faulty = [];

    public bool IsFull => _found.Count >= Limit;
    public SourceText Source => source;

    /// <summary>True where a statement already has its error, so that what else is found there may be a consequence.</summary>
    public bool IsFaulty(int statement) => _faulty.Contains(statement);

    public SourceSpan At(TextSpan span) => new(source, span);
    public SourceSpan At(int start, int end) => new(source, TextSpan.FromBounds(start, end));

    /// <summary>Reports unless the statement already has an error.</summary>
    public void Report(int statement, Diagnostic diagnostic)
    {
        if (_faulty.Add(statement)) ReportAlways(diagnostic);
    }

    /// <summary>Reports something that does not follow from another error of its statement.</summary>
    public void ReportAlways(Diagnostic diagnostic)
    {
        if (!IsFull) _found.Add(diagnostic);
    }

    /// <summary>What was found, in the order of the text.</summary>
    public ImmutableArray<Diagnostic> ToImmutable() =>
        [.. _found.OrderBy(d => d.Span is { } span ? span.Span.Start : 0)];
}
