using System.CommandLine;
using System.Globalization;
using Tx.Core;

namespace Tx.Repl.Commands;

internal static class CheckCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("FILE") { Description = ".tx files", Arity = ArgumentArity.OneOrMore };
        var (json, defines) = (Arguments.Json(), Arguments.Defines());
        var evidence = new Option<bool>("--evidence") { Description = "list every step of the schedules with why it is right, its tier (1 proved, 2 checked, 3 tested) and the time that took" };
        var intrinsics = new Option<bool>("--intrinsics") { Description = "run each declared instruction against what it emits, on this machine" };
        var only = new Option<string[]>("--only") { Description = "run these instructions in this process", HelpName = "NAME", Hidden = true };
        var command = new Command("check", "Says everything that is wrong with programs, without running them.") { files, evidence, intrinsics, only, json, defines };
        command.SetAction(parsed =>
        {
            var options = new SessionOptions { Threads = 1, Defines = Arguments.ParseDefines(parsed.GetValue(defines)) };
            bool isJson = parsed.GetValue(json);
            int exit = CommandLineApp.Fine;
            string[] paths = parsed.GetRequiredValue(files);
            foreach (string path in paths) Arguments.Existing(path);
            if (parsed.GetValue(only) is { Length: > 0 } names) return RunIntrinsics(paths[0], options, names, output, error);
            foreach (string path in paths)
            {
                ISessionOutput sink = isJson ? new JsonDiagnostics(output) : new ConsoleOutput(output, error);
                using var session = new Session(options, sink);
                if (!session.Check(path)) exit = Math.Max(exit, CommandLineApp.FaultOf(session));
                else if (!isJson)
                    foreach (string line in session.RuntimeChecks) output.WriteLine(line);
                if (parsed.GetValue(evidence)) WriteEvidence(session, isJson, output);
                if (parsed.GetValue(intrinsics) && exit == CommandLineApp.Fine
                    && !new IntrinsicsCheck(path, parsed.GetValue(defines) ?? [], isJson, output, sink.Report).Run([.. session.IntrinsicsOf(path)])) exit = CommandLineApp.ProgramFault;
            }
            return exit;
        });
        return command;
    }

    // One line of JSON for each, as it is done.
    private static int RunIntrinsics(string path, SessionOptions options, string[] names, TextWriter output, TextWriter error)
    {
        using var session = new Session(options, new ConsoleOutput(output, error));
        if (!session.Check(path)) return CommandLineApp.FaultOf(session);
        foreach (var report in session.RunIntrinsics(names))
        {
            output.WriteLine(IntrinsicLines.Of(report, null));
            output.Flush();
        }
        return CommandLineApp.Fine;
    }

    private static void WriteEvidence(Session session, bool isJson, TextWriter output)
    {
        foreach (var s in session.CheckedSchedules)
        {
            if (!isJson)
            {
                string sizes = s.Sizes is { } known ? $" at {string.Join(", ", known.Select(d => $"{d.Name} = {d.Size}"))}" : "";
                string consts = s.Consts.IsEmpty ? "" : $" for {string.Join(", ", s.Consts.Select(c => $"{c.Name} = {c.Value}"))}";
                output.WriteLine($"{s.Syntax.Name.Span}: schedule `{s.Syntax.Name.Text}` on {s.Target}{consts}{sizes}");
            }
            foreach (var step in s.Applied.Function.Steps)
                output.WriteLine(isJson ? JsonLines.Of(s, step) : LineOf(step));
            if (!isJson) continue;
            foreach (var step in s.Applied.Function.Refused) output.WriteLine(JsonLines.Of(s, step));
        }
        foreach (var c in session.CheckedCalls)
        {
            if (!isJson)
            {
                string sizes = c.Sizes is { } known ? $" at {string.Join(", ", known.Select(d => $"{d.Name} = {d.Size}"))}" : "";
                output.WriteLine($"{c.Syntax.Name.Span}: calls inside `{c.Syntax.Name.Text}`{sizes}: {string.Join(", ", c.Applied.Calls.Select(x => $"`{x.Site.Name}` by `{x.Schedule.Name.Text}`"))}");
            }
            foreach (var step in c.Applied.Function.Steps) output.WriteLine(isJson ? JsonLines.Of(c, step) : LineOf(step));
        }
    }

    private static string LineOf(Lower.Schedule.Steps.AppliedStep step) =>
        string.Create(CultureInfo.InvariantCulture, $"  {step.Directive.Text}\n      {step.Evidence} (tier {(int)step.Evidence.Tier}, {step.Time.TotalMilliseconds:0.00} ms)");

    private sealed class JsonDiagnostics(TextWriter output) : ISessionOutput
    {
        public void Report(Diagnostic diagnostic) => output.WriteLine(JsonLines.Of(diagnostic));
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }
}
