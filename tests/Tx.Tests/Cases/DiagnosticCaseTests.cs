using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Cases;

/// <summary><c>tests/cases/diagnostics/CODE_name.tx</c> is a program with one mistake; <c>.expected</c> is what <c>tx check</c> (or, where it says
/// nothing, <c>tx run</c>) writes; <c>.mended.tx</c> is the program as the help mends it, which must check. <c>TX_UPDATE=1</c> rewrites the expected texts.</summary>
public partial class DiagnosticCaseTests
{
    private static readonly string Folder = Repository.PathOf("tests", "cases", "diagnostics");
    private static bool IsUpdate => Environment.GetEnvironmentVariable("TX_UPDATE") == "1";

    public static TheoryData<string> Cases() => [.. Directory.EnumerateFiles(Folder, "TX*.tx")
        .Where(f => !f.EndsWith(".mended.tx", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Cases))]
    public void Case_ReportsItsCodeAndItsMendedProgramIsFine(string name)
    {
        string file = Path.Combine(Folder, name + ".tx"), code = name[..6];
        var (check, text) = Say("check", file);
        var (result, command) = (check, "check");
        if (!text.Contains($"[{code}]", StringComparison.Ordinal)) (result, text, command) = Run(file);
        Assert.True(text.Contains($"[{code}]", StringComparison.Ordinal), $"{name} does not give {code}:\n{text}");
        bool isWarning = text.Contains($"warning[{code}]", StringComparison.Ordinal);
        Assert.Equal(isWarning ? 0 : 1, result.ExitCode);
        Assert.True(Errors().Count(text) <= 2, $"{name}: one mistake gives more than two errors:\n{text}");
        if (!isWarning || text.Contains(" = help: ", StringComparison.Ordinal)) Assert.Contains(" = help: ", text, StringComparison.Ordinal);

        string expected = Path.Combine(Folder, name + ".expected");
        if (IsUpdate) File.WriteAllText(expected, text);
        else Assert.Equal(File.ReadAllText(expected), text);

        string mended = Path.Combine(Folder, name + ".mended.tx");
        if (!File.Exists(mended)) { Assert.True(HasNoMending(code), $"{name} has no .mended.tx"); return; }
        var (after, said) = Say(command, mended);
        Assert.True(after.ExitCode == 0, $"{name}: the mended program fails:\n{said}");
        Assert.DoesNotContain($"[{code}]", said, StringComparison.Ordinal);
    }

    // "Not supported yet" has no mending inside the language.
    private static bool HasNoMending(string code) => code.StartsWith("TX3", StringComparison.Ordinal);

    private static (CommandResult, string) Say(string command, string file)
    {
        var result = CommandLine.Run(command, file);
        return (result, result.Error.Replace(Folder + "/", "", StringComparison.Ordinal));
    }

    private static (CommandResult, string, string) Run(string file)
    {
        var (result, text) = Say("run", file);
        return (result, text, "run");
    }

    [GeneratedRegex(@"^error\[", RegexOptions.Multiline)]
    private static partial Regex Errors();
}
