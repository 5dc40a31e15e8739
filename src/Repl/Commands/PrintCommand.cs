using System.CommandLine;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Repl.Commands;

internal static class PrintCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, op, shape, defines) = (Arguments.File(), Arguments.Operator(), Arguments.Shape(), Arguments.Defines());
        var (schedule, knobs) = (Arguments.Schedule(), Arguments.Knobs());
        var stage = new Option<string?>("--stage") { Description = "how far to go: syntax, program, loops, final, llvm, asm, c" };
        stage.AcceptOnlyFromAmong("syntax", "program", "loops", "final", "llvm", "asm", "c");
        var emit = new Option<string?>("--emit") { Description = "what a compiler takes: c (C99), llvm, asm" };
        emit.AcceptOnlyFromAmong("c", "llvm", "asm");
        var target = new Option<string?>("--target") { Description = "schedule and print for another processor: x86-64-v3, aarch64, cortex-m7, …", HelpName = "NAME" };
        var steps = new Option<bool>("--steps") { Description = "the nest after each line of the schedule, and what changed" };
        var html = new Option<string?>("--html") { Description = "write the schedule, its steps, nests and code as one page", HelpName = "FILE" };
        var command = new Command("print", "Shows an operator at one stage of its way to a kernel.") { file, op, stage, emit, target, steps, html, schedule, knobs, shape, defines };
        command.Validators.Add(result =>
        {
            // A value that is not one of those is refused by itself: what counts here is that one is given.
            if (IsGiven(stage) && IsGiven(emit)) result.AddError("Options '--stage' and '--emit' say the same; give one of them.");
            else if (!IsGiven(stage) && !IsGiven(emit) && !IsGiven(steps) && !IsGiven(html)) result.AddError("Option '--stage', '--emit', '--steps' or '--html' is required.");

            bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
        });
        command.SetAction(parsed =>
        {
            var values = Arguments.ParseDefines(parsed.GetValue(defines));
            using var session = new Session(new() { Threads = 1, Defines = values, Target = parsed.GetValue(target) is { } cpu ? TargetCatalog.Parse(cpu) : null }, new ConsoleOutput(output, error));
            if (session.Load(Arguments.Existing(parsed.GetRequiredValue(file))) is null) return CommandLineApp.FaultOf(session);
            string? name = parsed.GetValue(schedule);
            var request = OperatorRequest.Find(session, parsed.GetRequiredValue(op), Arguments.ParseShape(parsed.GetValue(shape)), name, Arguments.ParseKnobs(parsed.GetValue(knobs), name));
            if ((parsed.GetValue(stage) ?? parsed.GetValue(emit)) is { } wanted) output.WriteLine(request.Print(wanted).TrimEnd('\n'));
            if (parsed.GetValue(html) is { } page && request.Page() is { } text) DataFile.WriteText(page, text);
            else if (parsed.GetValue(html) is not null) return WithoutSchedule(parsed.GetRequiredValue(op), error);
            return parsed.GetValue(steps) ? PrintSteps(request, parsed.GetRequiredValue(op), output, error) : CommandLineApp.Fine;
        });
        return command;
    }

    private static int PrintSteps(OperatorRequest request, string op, TextWriter output, TextWriter error)
    {
        if (request.Steps() is not { } applied) return WithoutSchedule(op, error);
        output.WriteLine(StepText.Print(applied.Function).TrimEnd('\n'));
        var console = new ConsoleOutput(output, error);
        foreach (var d in applied.Diagnostics.AddRange(applied.Notes)) console.Report(d);
        return applied.HasErrors ? CommandLineApp.ProgramFault : CommandLineApp.Fine;
    }

    private static int WithoutSchedule(string op, TextWriter error)
    {
        error.WriteLine($"tx: `{op}` has no schedule that applies; it runs by the default");
        return CommandLineApp.CallFault;
    }
}
