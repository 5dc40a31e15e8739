namespace Tx.Tests;

/// <summary>Finds the data below <c>tests/cases</c> and other files of the repository.</summary>
internal static class CaseFiles
{
    /// <summary>The folder that holds <c>Dsl.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, "tests", "cases", .. parts]);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dsl.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no folder above the tests holds Dsl.sln");
        return folder.FullName;
    }
}
