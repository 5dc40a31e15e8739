using System.Xml.Linq;
using Tx.Tests.Compiler.Display;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

public class ReportCommandTests
{
    private const string Program = """
        op scale(A: f32[N], c: f32) -> B: f32[N] { B[i] = c * A[i] }
        schedule wide for scale on cpu { B.i.vectorize(8) }
        op unused(A: f32[N]) -> B: f32[N] { B[i] = A[N - 1 - i] }
        print("a title <&>", scale(arange(f32, 0, 100), 0.5))
        bench scale(arange(f32, 0, 100), 0.5)
        """;

    public static TheoryData<string> Examples() => [.. Repository.Sources("examples", "*.tx").Select(f => Path.GetRelativePath(Repository.PathOf("examples"), f))];

    [Theory, MemberData(nameof(Examples))]
    public void EveryExample_HasAReport(string example)
    {
        using var folder = new TemporaryFolder();
        string page = Path.Combine(folder.Path, "page.html");
        string file = Repository.PathOf("examples", example);
        var result = CommandLine.Run("report", file, "--html", page);
        // One for a target that nothing is compiled for yet says that, and has no page.
        Assert.Equal(CommandLine.Run("check", file).ExitCode, result.ExitCode);
        Assert.Equal(result.ExitCode == 0, File.Exists(page));
        if (result.ExitCode == 0) IsPage(File.ReadAllText(page));
    }

    [Fact]
    public void Report_ShowsResultsOperatorsAndSchedules()
    {
        using var folder = new TemporaryFolder();
        string page = Path.Combine(folder.Path, "page.html");
        Assert.Equal(0, CommandLine.Run("report", folder.Write("p.tx", Program), "--html", page).ExitCode);
        string text = IsPage(File.ReadAllText(page)).Value;
        Assert.Contains("a title <&>", text, StringComparison.Ordinal);
        Assert.Contains("f32[100]", text, StringComparison.Ordinal);
        Assert.Contains("B.i.vectorize(8)", text, StringComparison.Ordinal);
        Assert.Contains("scale under wide, N = 100", text, StringComparison.Ordinal);
        Assert.Contains("unused under the default", text, StringComparison.Ordinal);
        Assert.Contains("operations for each byte", text, StringComparison.Ordinal);
        Assert.Contains("400 B", text, StringComparison.Ordinal);
        Assert.Equal(["p.tx", "page.html"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Report_OfOneOperatorAtSizes_MeasuresIt()
    {
        using var folder = new TemporaryFolder();
        string page = Path.Combine(folder.Path, "page.html");
        Assert.Equal(0, CommandLine.Run("report", folder.Write("p.tx", Program), "--op", "scale", "--shape", "N=4096", "--html", page).ExitCode);
        string text = IsPage(File.ReadAllText(page)).Value;
        Assert.Contains("scale under wide, N = 4096", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a title", text, StringComparison.Ordinal);
        Assert.DoesNotContain("unused", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--op", "scael")]
    [InlineData("--op", "scale", "--schedule", "width")]
    [InlineData("--op", "scale", "--shape", "M=3")]
    [InlineData("--shape", "N=3")]
    [InlineData("--schedule", "wide")]
    [InlineData("--threads", "0")]
    public void WrongCalls_Exit2AndWriteNothing(params string[] more)
    {
        using var folder = new TemporaryFolder();
        string page = Path.Combine(folder.Path, "page.html");
        var result = CommandLine.Run(["report", folder.Write("p.tx", Program), "--html", page, .. more]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("tx: ", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(page));
    }

    [Theory]
    [InlineData("op f(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] }", "TX1501")]
    [InlineData("assert 1 == 2", "assert")]
    public void AWrongProgram_Exits1AndWritesNothing(string program, string expected)
    {
        using var folder = new TemporaryFolder();
        string page = Path.Combine(folder.Path, "page.html");
        File.WriteAllText(page, "as it was");
        var result = CommandLine.Run("report", folder.Write("p.tx", program), "--html", page);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Equal("as it was", File.ReadAllText(page));
    }

    [Fact]
    public void AFolderAsPage_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(2, CommandLine.Run("report", folder.Write("p.tx", Program), "--html", folder.Path).ExitCode);
    }

    // The page as XML: it is written as such, so that nothing is left open.
    private static XElement IsPage(string page)
    {
        const string doctype = "<!doctype html>\n";
        Assert.StartsWith(doctype, page, StringComparison.Ordinal);
        var root = XElement.Parse(page[doctype.Length..], LoadOptions.PreserveWhitespace);
        ViewAssert.IsOffline(root);
        var ids = root.Descendants().Select(e => e.Attribute("id")?.Value).Where(id => id is not null).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(root.Descendants("a"), a => Assert.Contains(a.Attribute("href")!.Value[1..], ids));
        return root;
    }
}
