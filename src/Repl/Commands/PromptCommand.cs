using System.CommandLine;
using System.Globalization;
using System.Text;
using Tx.Repl.Prompt;
using Tx.Shells;

namespace Tx.Repl.Commands;

/// <summary><c>tx</c>, <c>tx repl</c>: on a terminal an editor, else the lines of a script.</summary>
internal static class PromptCommand
{
    public static Command Create(TextReader input, TextWriter output, TextWriter error)
    {
        var plain = new Option<bool>("--plain") { Description = "no editor: reads lines, as from a pipe" };
        var (defines, threads, symbolic) = (Arguments.Defines(), Arguments.Threads(), Arguments.Symbolic());
        var command = new Command("repl", "Reads statements, declarations and commands, and runs each at once. `:help` lists the commands.") { plain, defines, threads, symbolic };
        command.SetAction(parsed => Run(input, output, error, parsed.GetValue(plain), new()
        {
            Threads = Arguments.CheckThreads(parsed.GetValue(threads)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)), Symbolic = parsed.GetValue(symbolic),
        }));
        return command;
    }

    public static int Run(TextReader input, TextWriter output, TextWriter error) => Run(input, output, error, isPlain: false, new());

    private static int Run(TextReader input, TextWriter output, TextWriter error, bool isPlain, SessionOptions options)
    {
        if (!isPlain && ReferenceEquals(input, Console.In) && UnixTerminal.Open() is { } terminal)
        {
            using (terminal)
            using (var prompt = new InteractivePrompt(terminal, options, new ConsoleOutput(output, error), HistoryFile.OfUser(), output))
                return prompt.Run();
        }
        return RunLines(input, output, error, options);
    }

    /// <summary>Reads entries line by line: one may go on over several lines while a bracket is open.</summary>
    private static int RunLines(TextReader input, TextWriter output, TextWriter error, SessionOptions options)
    {
        using var shell = new Shell(options, new ConsoleOutput(output, error));
        var pending = new StringBuilder();
        bool isFine = true;
        while (!shell.IsOver)
        {
            string? line = input.ReadLine();
            if (line is not null) pending.Append(line).Append('\n');
            string text = pending.ToString();
            bool isBlank = string.IsNullOrWhiteSpace(text);
            if (line is not null && !isBlank && !shell.IsComplete(text)) continue;
            pending.Clear();
            if (!isBlank) isFine &= shell.Submit(text, string.Create(CultureInfo.InvariantCulture, $"<prompt {shell.NextNumber}>"));
            if (line is null) break;
        }
        return isFine ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
    }
}
