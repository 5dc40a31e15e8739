using System.CommandLine;
using Tx.Display;
using Tx.Runtime;

namespace Tx.Repl.Commands;

internal static class ReportCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, defines, threads) = (Arguments.File(), Arguments.Defines(), Arguments.Threads());
        var (shape, schedule, knobs) = (Arguments.Shape(), Arguments.Schedule(), Arguments.Knobs());
        var op = new Option<string?>("--op") { Description = "only this operator (default: all of the file)", HelpName = "NAME" };
        var html = new Option<string>("--html") { Description = "where the page goes", Required = true, HelpName = "FILE" };
        var command = new Command("report", "Runs a program and shows its results, operators, schedules, memory and code on one page.") { file, html, op, schedule, knobs, shape, threads, defines };
        command.SetAction(parsed =>
        {
            var (name, named) = (parsed.GetValue(op), parsed.GetValue(schedule));
            var options = new ReportOptions { Operator = name, Schedule = named, Knobs = Arguments.ParseKnobs(parsed.GetValue(knobs), named), Sizes = Arguments.ParseShape(parsed.GetValue(shape)) };
            if (name is null && (named is not null || !options.Sizes.IsEmpty))
                throw new RequestException($"{(named is null ? "--shape" : "--schedule")} needs the operator that it is of: --op NAME");
            var settings = new SessionOptions { Threads = Arguments.CheckThreads(parsed.GetValue(threads)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)) };
            string target = parsed.GetRequiredValue(html);
            if (Directory.Exists(target)) throw new RequestException($"`{target}` is a folder; name a file for the page");
            if (ProgramReport.Make(Arguments.Existing(parsed.GetRequiredValue(file)), settings, options, new ConsoleOutput(output, error), out bool lacksLibrary) is not { } page)
                return lacksLibrary ? CommandLineApp.CallFault : CommandLineApp.ProgramFault;
            DataFile.WriteText(target, page);
            return CommandLineApp.Fine;
        });
        return command;
    }
}
