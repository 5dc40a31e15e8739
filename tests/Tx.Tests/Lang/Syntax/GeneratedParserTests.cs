using System.Diagnostics;

namespace Tx.Tests.Lang.Syntax;

public class GeneratedParserTests
{
    private const int CannotInstall = 3;

    /// <summary>The committed parser is what the grammar gives. Runs where Node is: the generator is the one that <c>ANTLR_NG</c> names, or npm fetches it;
    /// without a registry there is nothing to compare with.</summary>
    [Fact]
    public void GeneratedFilesFollowTheGrammar()
    {
        string? named = Environment.GetEnvironmentVariable("ANTLR_NG");
        if (string.IsNullOrEmpty(named) && !(IsOnPath("node") && IsOnPath("npm"))) return;
        string folder = Directory.CreateTempSubdirectory("tx-grammar").FullName;
        try
        {
            var start = new ProcessStartInfo("bash", [Path.Combine(CaseFiles.Root, "grammar", "regenerate"), folder]) { RedirectStandardError = true };
            using var process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == CannotInstall && string.IsNullOrEmpty(named)) return;
            Assert.True(process.ExitCode == 0, errors);
            string committed = Path.Combine(CaseFiles.Root, "src", "Lang", "Generated");
            foreach (string file in Directory.EnumerateFiles(folder))
                Assert.Equal(File.ReadAllText(Path.Combine(committed, Path.GetFileName(file))), File.ReadAllText(file));
            Assert.Equal(Directory.GetFiles(folder).Length, Directory.GetFiles(committed).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(p => p.Length > 0 && File.Exists(Path.Combine(p, program)));
}
