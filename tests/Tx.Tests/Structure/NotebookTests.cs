using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tx.Tests.Compiler.Display;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>Notebooks are what their sources say, have run, and stand by themselves.</summary>
public partial class NotebookTests
{
    public static TheoryData<string> Names() => [.. Repository.Sources("notebooks/source", "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!)];

    [Fact]
    public void ThereAreSix() => Assert.True(Names().Count >= 6);

    [Theory, MemberData(nameof(Names))]
    public void Cells_AreThoseOfTheSource(string name)
    {
        string text = File.ReadAllText(Repository.PathOf("notebooks", "source", name + ".md"));
        var expected = Cell().Matches(text).Select(m => (m.Groups[2].Value.TrimEnd('\n'), m.Groups[1].Success));
        var actual = Cells(name).Where(c => Kind(c) == "code").Select(c => (Source(c), IsMeantToFail(c)));
        Assert.Equal(expected, actual);
    }

    [Theory, MemberData(nameof(Names))]
    public void Cells_HaveRunInOrder_AndFailWhereTheyAreMeantTo(string name)
    {
        int number = 0;
        foreach (var cell in Cells(name).Where(c => Kind(c) == "code"))
        {
            Assert.Equal(++number, cell.GetProperty("execution_count").GetInt32());
            bool failed = Outputs(cell).Any(o => o.GetProperty("output_type").GetString() == "error");
            Assert.True(failed == IsMeantToFail(cell), $"{name}: {Source(cell)}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Outputs_AreSoundAndOffline(string name)
    {
        var root = new XElement("outputs");
        foreach (var output in Cells(name).Where(c => Kind(c) == "code").SelectMany(Outputs))
        {
            if (!output.TryGetProperty("data", out var data)) continue;
            Assert.True(data.TryGetProperty("text/plain", out _), $"{name}: an output has no text");
            foreach (string type in (string[])["text/html", "image/svg+xml"])
                if (data.TryGetProperty(type, out var rich)) root.Add(XElement.Parse($"<div>{Joined(rich)}</div>"));
        }
        ViewAssert.IsOffline(root);
        Assert.DoesNotContain(root.Descendants(), e => e.Attribute("id") is not null);
        Assert.NotEmpty(root.Elements());
    }

    private static List<JsonElement> Cells(string name)
    {
        using var notebook = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("notebooks", name + ".ipynb")));
        var root = notebook.RootElement.Clone();
        Assert.Equal(4, root.GetProperty("nbformat").GetInt32());
        Assert.Equal("tx", root.GetProperty("metadata").GetProperty("kernelspec").GetProperty("name").GetString());
        return [.. root.GetProperty("cells").EnumerateArray()];
    }

    private static string Kind(JsonElement cell) => cell.GetProperty("cell_type").GetString()!;
    private static string Source(JsonElement cell) => Joined(cell.GetProperty("source"));
    private static IEnumerable<JsonElement> Outputs(JsonElement cell) => cell.GetProperty("outputs").EnumerateArray();
    private static bool IsMeantToFail(JsonElement cell) =>
        cell.GetProperty("metadata").TryGetProperty("tags", out var tags) && tags.EnumerateArray().Any(t => t.GetString() == "raises-exception");

    // Texts are strings, or lists of lines.
    private static string Joined(JsonElement text) => text.ValueKind is JsonValueKind.Array ? string.Concat(text.EnumerateArray().Select(l => l.GetString())) : text.GetString()!;

    [GeneratedRegex("^```tx( error)?\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Cell();
}
