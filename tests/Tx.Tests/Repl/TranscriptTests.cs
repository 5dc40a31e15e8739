using System.Text;
using System.Text.RegularExpressions;
using Tx.Repl;
using Tx.Shells;
using Tx.Tests.Support;

namespace Tx.Tests.Repl;

/// <summary>Sessions in <c>tests/transcripts</c>, one a command: lines that begin with <c>&gt; </c> are typed, what follows is the answer. Times and rates are masked.
/// <c>TX_RECORD=1</c> writes the answers anew.</summary>
public partial class TranscriptTests
{
    private static readonly string s_folder = Repository.PathOf("tests", "transcripts");

    public static TheoryData<string> Transcripts() => [.. Directory.EnumerateFiles(s_folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Transcripts))]
    public void SessionAnswersAsItIsWritten(string name)
    {
        string file = Path.Combine(s_folder, name + ".txt"), expected = File.ReadAllText(file);
        var input = expected.Split('\n').Where(l => l.StartsWith("> ", StringComparison.Ordinal)).Select(l => l[2..].Replace("ROOT", Repository.Root, StringComparison.Ordinal)).ToList();
        string actual = Replay(input);
        if (Environment.GetEnvironmentVariable("TX_RECORD") == "1") File.WriteAllText(file, actual);
        else Assert.Equal(expected, actual);
    }

    [Fact]
    public void EveryCommandHasATranscript()
    {
        foreach (var command in ShellCommands.All)
        {
            string file = Path.Combine(s_folder, command.Name + ".txt");
            Assert.True(File.Exists(file), $"no transcript of :{command.Name}");
            Assert.Matches($@"(?m)^> :({string.Join('|', command.Aliases.Append(command.Name).Select(Regex.Escape))})\b", File.ReadAllText(file).Replace(":?", ":h", StringComparison.Ordinal));
        }
    }

    private static string Replay(List<string> input)
    {
        using var written = new StringWriter();
        int exit = -1;
        var thread = new Thread(() =>
        {
            exit = CommandLineApp.Run(["repl", "--plain"], new Typist(input, written), written, written);
        }, 256 << 20);
        thread.Start();
        thread.Join();
        return Masked(written.ToString()) + $"exit {exit}\n";
    }

    private static string Masked(string text)
    {
        text = Time().Replace(text.ReplaceLineEndings("\n"), "# time");
        text = Rate().Replace(text, "#$1");
        text = Count().Replace(text, "#");
        text = Percent().Replace(text, "#");
        text = Cache().Replace(text, "caches #");
        text = Figures().Replace(text, "  default #");
        text = Spaces().Replace(text, "# ");
        return text.Replace(Repository.Root, "ROOT", StringComparison.Ordinal);
    }

    /// <summary>What is typed stands in the transcript.</summary>
    private sealed class Typist(List<string> lines, TextWriter written) : TextReader
    {
        private int _next;

        public override string? ReadLine()
        {
            if (_next == lines.Count) return null;
            written.WriteLine($"> {lines[_next]}");
            return lines[_next++];
        }
    }

    [GeneratedRegex(@"\b\d+(?:\.\d+)? (?:µs|ms|s)\b")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b\d+(?:\.\d+)?( (?:GFLOP/s|GB/s)\b)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"(?<=\bof )\d+(?=  )")]
    private static partial Regex Count();

    [GeneratedRegex(@"(?<= of peak )\(\d+(?:\.\d+)?\)|\b\d+ ?%(?= of peak)")]
    private static partial Regex Percent();

    [GeneratedRegex(@"caches .*")]
    private static partial Regex Cache();

    // The rows of a roofline.
    [GeneratedRegex(@"^  default .* \d+%  .*$", RegexOptions.Multiline)]
    private static partial Regex Figures();

    [GeneratedRegex(@"# +")]
    private static partial Regex Spaces();
}
