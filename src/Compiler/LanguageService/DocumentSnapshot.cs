using System.Collections.Immutable;
using Tx.Core;

namespace Tx.LanguageServices;

/// <summary>One state of a document that someone edits. Immutable.</summary>
/// <param name="Path">A full path, or a name in angle brackets for what is no file: a prompt or a cell.</param>
/// <param name="Version">Grows with each change.</param>
public sealed record DocumentSnapshot(string Path, int Version, SourceText Text)
{
    public static DocumentSnapshot Of(string path, string text, int version = 0) => new(path, version, new(path, text));

    /// <summary>The document after one edit.</summary>
    public DocumentSnapshot Replace(TextSpan span, string text, int version) =>
        Of(Path, string.Concat(Text.Text.AsSpan(0, span.Start), text, Text.Text.AsSpan(span.End)), version);
}

/// <summary>The documents that are open at one time. Immutable; files that are not open are read where they lie.</summary>
public sealed record Workspace(ImmutableDictionary<string, DocumentSnapshot> Documents)
{
    public static Workspace Empty { get; } = new(ImmutableDictionary.Create<string, DocumentSnapshot>(StringComparer.Ordinal));

    public Workspace With(DocumentSnapshot document) => new(Documents.SetItem(document.Path, document));
    public Workspace Without(string path) => new(Documents.Remove(path));
    public DocumentSnapshot? Find(string path) => Documents.GetValueOrDefault(path);
}
