using Tx.Tests.Support;

namespace Tx.Tests.Formatting;

public class FormatCommandTests
{
    [Fact]
    public void AFile_IsReplacedAndThenFine()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a.tx", "let  x=1\r\n");
        var check = CommandLine.Run("fmt", "--check", file);
        Assert.Equal((1, file + Environment.NewLine), (check.ExitCode, check.Output));
        Assert.Equal("let  x=1\r\n", File.ReadAllText(file));
        Assert.Equal(new CommandResult(0, "", ""), CommandLine.Run("fmt", file));
        Assert.Equal("let x = 1\n", File.ReadAllText(file));
        Assert.Equal(new CommandResult(0, "", ""), CommandLine.Run("fmt", "--check", file));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void AFileWithErrors_StaysAndTheOthersAreFormatted()
    {
        using var folder = new TemporaryFolder();
        string wrong = folder.Write("wrong.tx", "let  x = (1\n"), right = folder.Write("right.tx", "let  x=1\n");
        var result = CommandLine.Run("fmt", wrong, right);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error[TX0", result.Error, StringComparison.Ordinal);
        Assert.Equal("let  x = (1\n", File.ReadAllText(wrong));
        Assert.Equal("let x = 1\n", File.ReadAllText(right));
    }

    [Fact]
    public void ALink_StaysALink()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a.tx", "let  x=1\n"), link = Path.Combine(folder.Path, "link.tx");
        File.CreateSymbolicLink(link, file);
        Assert.Equal(0, CommandLine.Run("fmt", link).ExitCode);
        Assert.Equal("let x = 1\n", File.ReadAllText(file));
        Assert.NotNull(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void StandardInput_GoesToStandardOutput() => Assert.Equal(new CommandResult(0, "let x = 1\n", ""), CommandLine.RunWithInput("let  x=1", "fmt", "-"));

    [Fact]
    public void AFileThatIsNotThere_IsTheCallsFault() => Assert.Equal(2, CommandLine.Run("fmt", "/nowhere.tx").ExitCode);
}
