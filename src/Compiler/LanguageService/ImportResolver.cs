using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>Finds imported files: open documents as they are now, others as they lie on the disk. Each state of a file is parsed once.</summary>
internal sealed class ImportResolver
{
    private readonly Dictionary<string, (object State, SyntaxTree Tree)> _trees = new(StringComparer.Ordinal);

    /// <summary>The folders in which an import of a document is looked for.</summary>
    public static IEnumerable<string> Folders(string importer)
    {
        if (!importer.StartsWith('<') && Path.GetDirectoryName(importer) is { } folder) yield return folder;
        else if (importer.StartsWith('<')) yield return Environment.CurrentDirectory;
        yield return Path.Combine(AppContext.BaseDirectory, "lib");
    }

    /// <summary>The file that an import names; null where there is none.</summary>
    public static string? PathOf(string importer, string path, Workspace workspace)
    {
        if (path.Length == 0 || path.Contains('\0')) return null;
        return Folders(importer).Select(f => Path.GetFullPath(Path.Combine(f, path))).FirstOrDefault(p => workspace.Find(p) is not null || File.Exists(p));
    }

    public SyntaxTree? Find(string importer, string path, Workspace workspace)
    {
        if (PathOf(importer, path, workspace) is not { } full) return null;
        object state = workspace.Find(full) is { } open ? open.Text : File.GetLastWriteTimeUtc(full);
        if (_trees.TryGetValue(full, out var known) && state.Equals(known.State)) return known.Tree;
        var source = state as SourceText ?? SourceReader.Read(full, out _);
        if (source is null) return null;
        var tree = SyntaxParser.Parse(source);
        _trees[full] = (state, tree);
        return tree;
    }
}
