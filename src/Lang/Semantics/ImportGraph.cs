using Tx.Core;

namespace Tx.Lang.Semantics;

/// <summary>Which file imports which, by the paths of their texts.</summary>
internal sealed class ImportGraph
{
    private readonly Dictionary<string, List<(string Path, SourceSpan Span)>> _imports = new(StringComparer.Ordinal);

    public void Add(string importer, string imported, SourceSpan span)
    {
        if (!_imports.TryGetValue(importer, out var list)) _imports.Add(importer, list = []);
        list.Add((imported, span));
    }

    /// <summary>Reports each import, reached from a file, that leads back to a file on the way to it.</summary>
    public void ReportCircles(string root, DiagnosticBag bag)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var way = new List<(string Path, SourceSpan? Import)>();
        Visit(root, null);

        void Visit(string path, SourceSpan? import)
        {
            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            way.Add((path, import));
            foreach (var (next, span) in _imports.GetValueOrDefault(path, []))
            {
                int start = way.FindIndex(w => w.Path == next);
                if (start >= 0) Report(start, span);
                else if (!done.Contains(next)) Visit(next, span);
            }
            way.RemoveAt(way.Count - 1);
            done.Add(path);
        }

        void Report(int start, SourceSpan closing)
        {
            var between = way[(start + 1)..];
            string through = between.Count == 0 ? "" : $" through {string.Join(", ", between.Select(w => $"`{Path.GetFileName(w.Path)}`"))}";
            var error = Diagnostic.Create(SemanticDiagnostics.ImportCircle, closing, Path.GetFileName(way[start].Path), through);
            bag.Add(between is [{ Import: { } first }, ..] ? error.WithLabel(first, "the circle starts here") : error);
        }
    }
}
