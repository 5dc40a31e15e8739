using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Tests.Support;

namespace Tx.Tests.Formatting;

/// <summary>Every program of the repository that can be parsed: files, and the blocks of the docs.</summary>
internal static partial class Corpus
{
    public static IReadOnlyList<SourceText> Programs { get; } =
    [
        .. new[] { "tests/cases", "lib", "examples" }.SelectMany(f => Repository.Sources(f, "*.tx")).Select(f => new SourceText(Path.GetRelativePath(Repository.Root, f), File.ReadAllText(f))),
        .. Repository.Sources("docs", "*.md").Append(Repository.PathOf("README.md")).Append(Repository.PathOf("lib", "README.md")).SelectMany(Blocks),
    ];

    /// <summary>Those without syntax errors.</summary>
    public static IEnumerable<SourceText> Parsed => Programs.Where(p => !SyntaxParser.Parse(p).Diagnostics.Any(d => d.IsError));

    private static IEnumerable<SourceText> Blocks(string file) =>
        Block().Matches(File.ReadAllText(file)).Select((m, i) => new SourceText($"{Path.GetRelativePath(Repository.Root, file)}#{i + 1}", m.Groups[1].Value));

    [GeneratedRegex(@"^```tx\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
