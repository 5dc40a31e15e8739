using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>A declaration or a statement of a document. Its node may come from an earlier state of the text, in which it was the same.</summary>
/// <param name="Start">Where it begins now.</param>
internal sealed record DocumentUnit(ItemSyntax Node, int Start)
{
    public int Shift => Start - Node.Span.Span.Start;
    public int End => Start + Node.Span.Span.Length;
}

/// <summary>A parsed document whose items keep their nodes from edit to edit as long as their texts stay, so that what is known of them stays too.</summary>
internal sealed class DocumentTree
{
    private DocumentTree(DocumentSnapshot document, ImmutableArray<DocumentUnit> units, ImmutableArray<Diagnostic> errors)
    {
        (Document, Units, Errors) = (document, units, errors);
        Tree = new(document.Text, new(new(document.Text, new(0, document.Text.Text.Length)), [.. units.Select(u => u.Node)]), errors);
    }

    public DocumentSnapshot Document { get; }
    public ImmutableArray<DocumentUnit> Units { get; }
    /// <summary>What is wrong with the text itself.</summary>
    public ImmutableArray<Diagnostic> Errors { get; }
    /// <summary>The nodes of the units under one root.</summary>
    public SyntaxTree Tree { get; }

    public static DocumentTree Parse(DocumentSnapshot document, DocumentTree? previous)
    {
        var parsed = SyntaxParser.Parse(document.Text);
        var known = new Dictionary<(string Text, string? Doc), Queue<ItemSyntax>>();
        foreach (var unit in previous?.Units ?? [])
        {
            if (previous!.HasError(unit)) continue;
            if (!known.TryGetValue(Key(unit.Node), out var nodes)) known.Add(Key(unit.Node), nodes = new());
            nodes.Enqueue(unit.Node);
        }
        var fresh = new DocumentTree(document, [.. parsed.Root.Items.Select(i => new DocumentUnit(i, i.Span.Span.Start))], parsed.Diagnostics);
        if (known.Count == 0) return fresh;
        return new(document, [.. fresh.Units.Select(u => !fresh.HasError(u) && known.TryGetValue(Key(u.Node), out var nodes) && nodes.TryDequeue(out var node) ? u with { Node = node } : u)], parsed.Diagnostics);
    }

    private static (string, string?) Key(ItemSyntax node) => (node.Span.Text, node.Doc);

    public bool HasError(DocumentUnit unit) =>
        Errors.Any(d => d.Span is { } s && s.Span.Start <= unit.End && s.Span.End >= unit.Start);

    /// <summary>The unit around a place of the text, or that ends there.</summary>
    public DocumentUnit? UnitAt(int offset)
    {
        DocumentUnit? found = null;
        foreach (var u in Units)
            if (u.Start <= offset && offset <= u.End && (found is null || u.Start > found.Start)) found = u;
        return found;
    }

    /// <summary>Where a span of a unit's node stands in the text as it is now; a span of another file stays.</summary>
    public SourceSpan Now(SourceSpan span)
    {
        if (ReferenceEquals(span.Source, Document.Text)) return span;
        foreach (var u in Units)
        {
            var node = u.Node.Span;
            if (ReferenceEquals(node.Source, span.Source) && node.Span.Start <= span.Span.Start && span.Span.End <= node.Span.End)
                return new(Document.Text, new(span.Span.Start + u.Shift, span.Span.Length));
        }
        return span;
    }

    public Diagnostic Now(Diagnostic d) => d with
    {
        Span = d.Span is { } s ? Now(s) : null,
        Labels = [.. d.Labels.Select(l => l with { Span = Now(l.Span) })],
        Fix = d.Fix is { } f ? f with { Span = Now(f.Span) } : null,
    };
}
