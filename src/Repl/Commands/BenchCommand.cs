using System.CommandLine;
using Tx.Display;

namespace Tx.Repl.Commands;

internal static class BenchCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, op, shape, defines) = (Arguments.File(), Arguments.Operator(), Arguments.Shape(), Arguments.Defines());
        var (threads, json, symbolic) = (Arguments.Threads(), Arguments.Json(), Arguments.Symbolic());
        var (schedule, knobs) = (Arguments.Schedule(), Arguments.Knobs());
        var command = new Command("bench", "Measures an operator on random data of the given sizes.") { file, op, shape, schedule, knobs, threads, symbolic, json, defines };
        command.SetAction(parsed =>
        {
            var options = new SessionOptions
            {
                Threads = Arguments.CheckThreads(parsed.GetValue(threads)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)), Symbolic = parsed.GetValue(symbolic),
            };
            using var session = new Session(options, new ConsoleOutput(output, error));
            if (session.Load(Arguments.Existing(parsed.GetRequiredValue(file))) is null) return CommandLineApp.FaultOf(session);
            var result = OperatorRequest.Find(session, parsed.GetRequiredValue(op), Arguments.ParseShape(parsed.GetValue(shape)),
                parsed.GetValue(schedule), Arguments.ParseKnobs(parsed.GetValue(knobs), parsed.GetValue(schedule))).Bench();
            output.WriteLine(parsed.GetValue(json) ? JsonLines.Of(result) : Formatters.Of(result).Plain);
            return CommandLineApp.Fine;
        });
        return command;
    }
}
