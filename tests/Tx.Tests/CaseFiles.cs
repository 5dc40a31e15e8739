namespace Tx.Tests;

/// <summary>Finds the data below <c>tests/cases</c>.</summary>
internal static class CaseFiles
{
    public static string PathOf(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dsl.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no folder above the tests holds Dsl.sln");
        return Path.Combine([folder.FullName, "tests", "cases", .. parts]);
    }
}
