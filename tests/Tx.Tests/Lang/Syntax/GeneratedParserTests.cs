using System.Diagnostics;

namespace Tx.Tests.Lang.Syntax;

public class GeneratedParserTests
{
    /// <summary>The committed parser is what the grammar gives. Runs where the generator is: <c>ANTLR_NG</c> names it, or it is on the path.</summary>
    [Fact]
    public void GeneratedFilesFollowTheGrammar()
    {
        if (Generator() is not { } generator) return;
        string folder = Directory.CreateTempSubdirectory("tx-grammar").FullName;
        try
        {
            var start = new ProcessStartInfo("bash", [Path.Combine(CaseFiles.Root, "grammar", "regenerate"), folder]) { RedirectStandardError = true };
            start.Environment["ANTLR_NG"] = generator;
            using var process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
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

    private static string? Generator() =>
        Environment.GetEnvironmentVariable("ANTLR_NG") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Where(p => p.Length > 0)
            .Select(p => Path.Combine(p, "antlr-ng")).FirstOrDefault(File.Exists);
}
