using System.CommandLine;

namespace Tx.Repl.Commands;

internal static class RunCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, defines, threads, symbolic) = (Arguments.File(), Arguments.Defines(), Arguments.Threads(), Arguments.Symbolic());
        var command = new Command("run", "Checks a program, compiles its operators and runs its statements.") { file, defines, threads, symbolic };
        command.SetAction(parsed =>
        {
            var options = new SessionOptions
            {
                Threads = Arguments.CheckThreads(parsed.GetValue(threads)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)), Symbolic = parsed.GetValue(symbolic),
            };
            using var session = new Session(options, new ConsoleOutput(output, error));
            return session.RunFile(Arguments.Existing(parsed.GetRequiredValue(file))) ? CommandLineApp.Fine : CommandLineApp.FaultOf(session);
        });
        return command;
    }
}
