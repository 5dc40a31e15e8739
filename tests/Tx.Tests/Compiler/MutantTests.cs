using System.Text.Json;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>The edits of <c>tests/mutants</c> still fit the source; <c>./test mutants</c> builds and runs them.</summary>
public class MutantTests
{
    public static TheoryData<string, string, string, string> Mutants()
    {
        var data = new TheoryData<string, string, string, string>();
        foreach (string file in Directory.EnumerateFiles(Repository.PathOf("tests", "mutants"), "*.json").Order(StringComparer.Ordinal))
            foreach (var m in JsonDocument.Parse(File.ReadAllText(file)).RootElement.EnumerateArray())
                data.Add(Text(m, "name"), Text(m, "file"), Text(m, "find"), Text(m, "replace"));
        return data;

        static string Text(JsonElement m, string name) => m.GetProperty(name).GetString()!;
    }

    [Theory, MemberData(nameof(Mutants))]
    public void Mutant_HasItsPlace(string name, string file, string find, string replace)
    {
        Assert.NotEqual(find, replace);
        Assert.True(File.ReadAllText(Repository.PathOf(file.Split('/'))).Split(find).Length == 2, $"{name}: `{find}` does not stand exactly once in {file}");
    }

    [Fact]
    public void Mutants_AreEnough() => Assert.True(Mutants().Count >= 25);
}
