using System.CommandLine;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Repl.Commands;

/// <summary>A plain prompt over a session: a statement may go on over several lines while a bracket is open.</summary>
internal static class PromptCommand
{
    public static Command Create(TextReader input, TextWriter output, TextWriter error)
    {
        var command = new Command("repl", "Reads statements and declarations, and runs each at once.");
        command.SetAction(_ => Run(input, output, error));
        return command;
    }

    public static int Run(TextReader input, TextWriter output, TextWriter error)
    {
        bool isTerminal = !Console.IsInputRedirected;
        if (isTerminal) output.WriteLine("tx: statements end with their line; Ctrl-D leaves");
        using var session = new Session(new(), new ConsoleOutput(output, error));
        var pending = new StringBuilder();
        bool isFine = true;
        for (int number = 1; ; )
        {
            if (isTerminal)
            {
                output.Write(pending.Length == 0 ? "tx> " : "  | ");
                output.Flush();
            }
            string? line = input.ReadLine();
            if (line is not null) pending.Append(line).Append('\n');
            string text = pending.ToString();
            bool isBlank = string.IsNullOrWhiteSpace(text);
            if (line is not null && !isBlank && !SyntaxParser.IsComplete(new SourceText("<prompt>", text))) continue;
            pending.Clear();
            if (!isBlank) isFine &= session.Submit(new SourceText(string.Create(CultureInfo.InvariantCulture, $"<prompt {number++}>"), text));
            if (line is null) break;
        }
        if (isTerminal) output.WriteLine();
        // People see what went wrong; a program that pipes its input in gets the exit code of a script.
        return isTerminal || isFine ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
    }
}
