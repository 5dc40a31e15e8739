using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>A text with the declarations that it sees.</summary>
public sealed record LoadedProgram(SyntaxTree Tree, DeclarationTable Declarations);

/// <summary>Reads files and their imports. A path in <c>import</c> is taken relative to the importing file, then to the library's folder.
/// Values given on the command line (<c>-D name=value</c>) stand in for those of <c>const</c> declarations.</summary>
public sealed class ProgramLoader(ImmutableDictionary<string, Scalar> defines)
{
    /// <summary>Texts that stand in for what is on disk, by the path under which a file is read.</summary>
    public IReadOnlyDictionary<string, SourceText> Texts { get; init; } = ImmutableDictionary<string, SourceText>.Empty;

    private readonly Dictionary<string, SyntaxTree> _trees = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _absent = new(StringComparer.Ordinal);

    /// <summary>The files that were read.</summary>
    public IEnumerable<SourceText> Sources => _trees.Values.Select(t => t.Source);

    /// <summary>Places where an import was looked for before it was found elsewhere.</summary>
    public IEnumerable<string> Absent => _absent;

    /// <summary>Loads a file; null where it cannot be read (reported).</summary>
    public LoadedProgram? Load(string path, DiagnosticBag bag)
    {
        var source = SourceReader.Read(path, out var problem);
        if (source is null)
        {
            if (problem is not null) bag.Add(problem);
            return null;
        }
        return Load(source, bag);
    }

    /// <summary>Loads a text that has been read from the file of its path.</summary>
    public LoadedProgram Load(SourceText source, DiagnosticBag bag)
    {
        var tree = SyntaxParser.Parse(source);
        // Files that import one another find this one, and not a second copy of it.
        _trees[Path.GetFullPath(source.Path)] = tree;
        return Load(tree, DeclarationTable.Empty, bag);
    }

    /// <summary>Collects what a parsed text declares on top of <paramref name="previous"/>; the text's own errors are reported too.</summary>
    public LoadedProgram Load(SyntaxTree tree, DeclarationTable previous, DiagnosticBag bag)
    {
        bag.AddRange(tree.Diagnostics);
        tree = Define(tree);
        return new(tree, DeclarationTable.Build(tree, (span, path) => Import(span, path), previous, bag));
    }

    // Operators, schedules and instructions that come with tx.
    private static string LibraryFolder => Path.Combine(AppContext.BaseDirectory, "lib");

    /// <summary>Whether a text is a file of the library's folder.</summary>
    public static bool IsLibrary(SourceText text) => text.Path.StartsWith(LibraryFolder, StringComparison.Ordinal) && text.Path.AsSpan(LibraryFolder.Length) is ['/' or '\\', ..];

    /// <summary>Forgets the files that were read, so that they are read again.</summary>
    public void Forget()
    {
        _trees.Clear();
        _absent.Clear();
    }

    private SyntaxTree? Import(SourceSpan span, string path)
    {
        string folder = Path.GetDirectoryName(span.Source.Path) is { } f && !span.Source.Path.StartsWith('<') ? f : "";
        if (path.Length == 0 || path.Contains('\0')) return null;
        foreach (string root in new[] { folder, LibraryFolder })
        {
            string candidate = Path.Combine(root, path);
            string key = Path.GetFullPath(candidate);
            if (_trees.TryGetValue(key, out var known)) return known;
            if (Texts.TryGetValue(candidate, out var given)) return _trees[key] = Define(SyntaxParser.Parse(given));
            if (!File.Exists(candidate))
            {
                _absent.Add(candidate);
                continue;
            }
            var source = SourceReader.Read(candidate, out var problem);
            if (source is null) throw new DiagnosticException((problem ?? throw new CompilerBugException("import", candidate)) with { Span = span });
            return _trees[key] = Define(SyntaxParser.Parse(source));
        }
        return null;
    }

    private SyntaxTree Define(SyntaxTree tree)
    {
        if (defines.IsEmpty || !tree.Root.Items.Any(i => i is ConstSyntax c && defines.ContainsKey(c.Name.Text))) return tree;
        ImmutableArray<ItemSyntax> items = [.. tree.Root.Items.Select(i => i is ConstSyntax c && defines.TryGetValue(c.Name.Text, out var v) ? c with { Value = Literal(c.Value.Span, v) } : i)];
        return tree with { Root = tree.Root with { Items = items } };
    }

    private static ExpressionSyntax Literal(SourceSpan span, Scalar v) =>
        v.Type is ElementType.Bool ? new BoolSyntax(span, v.IsTrue)
        : v.Type.IsFloat ? v.Real < 0 ? new UnarySyntax(span, UnaryOp.Neg, new FloatSyntax(span, -v.Real)) : new FloatSyntax(span, v.Real)
        : v.Integer < 0 ? new UnarySyntax(span, UnaryOp.Neg, new IntegerSyntax(span, unchecked((ulong)-v.Integer)))
        : new IntegerSyntax(span, (ulong)v.Integer);
}
