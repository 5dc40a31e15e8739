using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Formatting;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>What editors, prompts and notebooks ask about programs while they are written. Knows no protocol and no console. Questions name a document of a
/// <see cref="Workspace"/> and a position in its text, in UTF-16 units from its start; answers speak of that text. Not safe for several threads at once;
/// a question may be given up between two of its parts by its token.</summary>
public sealed partial class LanguageService : IDisposable
{
    private readonly ImportResolver _imports = new();
    private readonly Dictionary<string, DocumentAnalysis> _documents = new(StringComparer.Ordinal);
    private readonly CpuTarget _target;

    public LanguageService(CpuTarget? target = null) => _target = target ?? CpuTarget.Host();

    /// <summary>What is wrong with the text and its declarations. An edit costs what it changes.</summary>
    public ImmutableArray<Diagnostic> Diagnose(Workspace workspace, string path, CancellationToken cancellation = default) =>
        Analyse(workspace, path)?.CheckDeclarations(cancellation) ?? [];

    /// <summary>What is wrong with statements and tests, beside what <see cref="Diagnose"/> finds.</summary>
    public ImmutableArray<Diagnostic> DiagnoseStatements(Workspace workspace, string path, CancellationToken cancellation = default) =>
        Analyse(workspace, path)?.CheckStatements(cancellation) ?? [];

    /// <summary>The one layout of a document; null where its text has errors.</summary>
    public static string? Format(DocumentSnapshot document) => SourceFormatter.Format(document.Text).Text;

    /// <summary>Forgets a document that was closed.</summary>
    public void Forget(string path)
    {
        if (_documents.Remove(path, out var analysis)) analysis.Dispose();
    }

    private DocumentAnalysis? Analyse(Workspace workspace, string path)
    {
        if (workspace.Find(path) is not { } document) return null;
        if (!_documents.TryGetValue(path, out var analysis)) _documents.Add(path, analysis = new(_imports, _target));
        analysis.Update(document, workspace);
        return analysis;
    }

    /// <summary>The name at a place, with where it stands now.</summary>
    private static (ResolvedName Name, ImmutableArray<SyntaxNode> Path)? NameAt(DocumentAnalysis analysis, int offset)
    {
        if (analysis.Tree.UnitAt(offset) is not { } unit) return null;
        var path = SyntaxPath.At(unit.Node, offset - unit.Shift);
        return analysis.Names.Resolve(path) is { } name ? (name with { Use = analysis.Tree.Now(name.Use) }, path) : null;
    }

    /// <summary>Where the name at a place is declared or first defined; empty where it is none. An import leads to its file.</summary>
    public ImmutableArray<SourceSpan> Definition(Workspace workspace, string path, int offset)
    {
        if (Analyse(workspace, path) is not { } analysis) return [];
        if (analysis.Tree.UnitAt(offset)?.Node is ImportSyntax import)
            return _imports.Find(path, import.Path, workspace) is { } tree ? [new(tree.Source, new(0, 0))] : [];
        return NameAt(analysis, offset) is { Name.Definition: { } definition } ? [analysis.Tree.Now(definition)] : [];
    }

    public void Dispose()
    {
        foreach (var analysis in _documents.Values) analysis.Dispose();
        _documents.Clear();
    }
}
