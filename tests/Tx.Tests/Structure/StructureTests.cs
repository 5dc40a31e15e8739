using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>The shape of the tree: arrows between projects, sizes of files, things that have no place in the product.</summary>
public partial class StructureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Core"] = [],
        ["Lang"] = ["Core"],
        ["Lower"] = ["Core", "Lang"],
        ["Runtime"] = ["Core"],
        ["Backends"] = ["Core", "Lower", "Runtime"],
        ["Compiler"] = ["Core", "Lang", "Lower", "Runtime", "Backends"],
        ["Repl"] = ["Compiler"],
    };

    public static TheoryData<string> Projects() => [.. Arrows.Keys];

    [Theory, MemberData(nameof(Projects))]
    public void Project_SeesOnlyWhatStandsBelowIt(string project)
    {
        var file = XDocument.Load(Repository.PathOf("src", project, project + ".csproj"));
        var seen = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Empty(seen.Except(Arrows[project]));
    }

    [Fact]
    public void Runtime_NeverSeesTheCompiler()
    {
        foreach (string file in Repository.Sources("src/Runtime"))
            Assert.DoesNotMatch(CompilerNamespaces(), File.ReadAllText(file));
    }

    [Fact]
    public void Files_StayBelow800Lines()
    {
        var long_ = Repository.Sources("src").Concat(Repository.Sources("tests"))
            .Where(f => !f.Contains("/Generated/", StringComparison.Ordinal))
            .Select(f => (File: Path.GetRelativePath(Repository.Root, f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > 800);
        Assert.Empty(long_);
    }

    [Fact]
    public void Product_HasNoMutableStatics()
    {
        var found = from file in Repository.Sources("src")
                    where !file.Contains("/Generated/", StringComparison.Ordinal)
                    from line in File.ReadLines(file)
                    where MutableStatic().IsMatch(line)
                    select $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Product_HasNoStubs()
    {
        var found = from file in Repository.Sources("src").Concat(Repository.Sources("tests"))
                    where !file.EndsWith("StructureTests.cs", StringComparison.Ordinal) && !file.Contains("/Generated/", StringComparison.Ordinal)
                    from line in File.ReadLines(file)
                    where Stub().IsMatch(line)
                    select $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [GeneratedRegex(@"Tx\.(Lang|Lower|Backends)\b")]
    private static partial Regex CompilerNamespaces();

    // A static field that is neither readonly nor const.
    [GeneratedRegex(@"^\s*(public|private|internal|protected)\s+static\s+(?!readonly|partial|unsafe|extern|async|implicit|explicit|class|new)[\w<>\[\]?,. ]+\s+\w+\s*(=[^>=].*)?;\s*$")]
    private static partial Regex MutableStatic();

    [GeneratedRegex(@"NotImplementedException|\b(TODO|FIXME|HACK|XXX)\b|Skip *= *""")]
    private static partial Regex Stub();
}
