using System.CommandLine;

namespace Tx.Repl.Commands;

internal static class PrintCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, op, shape, defines) = (Arguments.File(), Arguments.Operator(), Arguments.Shape(), Arguments.Defines());
        var stage = new Option<string>("--stage") { Description = "how far to go: syntax, program, loops, final, llvm, asm", Required = true };
        stage.AcceptOnlyFromAmong("syntax", "program", "loops", "final", "llvm", "asm");
        var command = new Command("print", "Shows an operator at one stage of its way to a kernel.") { file, op, stage, shape, defines };
        command.SetAction(parsed =>
        {
            var values = Arguments.ParseDefines(parsed.GetValue(defines));
            using var session = new Session(new() { Threads = 1, Defines = values }, new ConsoleOutput(output, error));
            if (session.Load(Arguments.Existing(parsed.GetRequiredValue(file))) is null) return CommandLineApp.FaultOf(session);
            var request = OperatorRequest.Find(session, parsed.GetRequiredValue(op), Arguments.ParseShape(parsed.GetValue(shape)));
            output.WriteLine(request.Print(parsed.GetRequiredValue(stage)).TrimEnd('\n'));
            return CommandLineApp.Fine;
        });
        return command;
    }
}
