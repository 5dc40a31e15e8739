using System.CommandLine;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Display;

namespace Tx.Repl.Commands;

internal static class TestCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("FILE") { Description = ".tx files", Arity = ArgumentArity.OneOrMore };
        var filter = new Option<string?>("--filter") { Description = "only tests whose title holds this text", HelpName = "TEXT" };
        var (json, defines, threads) = (Arguments.Json(), Arguments.Defines(), Arguments.Threads());
        var command = new Command("test", "Runs the tests of programs, each with values of its own.") { files, filter, json, defines, threads };
        command.SetAction(parsed =>
        {
            var options = new SessionOptions { Threads = Arguments.CheckThreads(parsed.GetValue(threads)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)) };
            string? text = parsed.GetValue(filter);
            string[] paths = parsed.GetRequiredValue(files);
            foreach (string path in paths) Arguments.Existing(path);
            ITestReport report = parsed.GetValue(json) ? new JsonReport(output) : new TextReport(output, error);
            int exit = CommandLineApp.Fine, passed = 0, failed = 0;
            foreach (string path in paths)
            {
                using var session = new Session(options, report);
                if (session.RunTests(path, title => text is null || title.Contains(text, StringComparison.Ordinal)) is not { } results)
                {
                    exit = Math.Max(exit, CommandLineApp.FaultOf(session));
                    continue;
                }
                foreach (var result in results)
                {
                    report.Test(result);
                    if (result.Passed) passed++;
                    else failed++;
                    if (!result.Passed) exit = Math.Max(exit, CommandLineApp.FaultOf(session));
                }
            }
            report.Summary(passed, failed);
            return exit is CommandLineApp.Fine && passed == 0 && text is not null
                ? throw new RequestException($"no test has `{text}` in its title") : exit;
        });
        return command;
    }

    private interface ITestReport : ISessionOutput
    {
        void Test(TestResult result);
        void Summary(int passed, int failed);
    }

    private sealed class TextReport(TextWriter output, TextWriter error) : ITestReport
    {
        private readonly ConsoleOutput _console = new(output, error);

        public void Test(TestResult result)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(result.Passed ? "passed" : "failed")}  {result.Title.ReplaceLineEndings(" ")}  ({result.Time.TotalMilliseconds:0.0} ms)"));
            foreach (var d in result.Diagnostics) Report(d);
        }

        public void Summary(int passed, int failed) =>
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed + failed} test{(passed + failed == 1 ? "" : "s")}: {passed} passed, {failed} failed"));

        public void Print(string text) => _console.Print(text);
        public void Display(DisplayBundle bundle) => _console.Display(bundle);
        public void Echo(Value value) => _console.Echo(value);
        public void Bench(BenchResult result) => _console.Bench(result);
        public void Report(Diagnostic diagnostic) => _console.Report(diagnostic);
    }

    /// <summary>One object a test, and one with <c>passed</c> and <c>failed</c> at the end; what a test prints stands in its object.</summary>
    private sealed class JsonReport(TextWriter output) : ITestReport
    {
        private readonly StringBuilder _printed = new();

        public void Test(TestResult result)
        {
            output.WriteLine(JsonLines.Of(result, _printed.ToString()));
            _printed.Clear();
        }

        public void Summary(int passed, int failed) => output.WriteLine(JsonLines.OfTests(passed, failed));
        public void Print(string text) => _printed.Append(text).Append('\n');
        public void Display(DisplayBundle bundle) => Print(bundle.Plain);
        public void Echo(Value value) => Display(Formatters.Of(value));
        public void Bench(BenchResult result) => Display(Formatters.Of(result));
        public void Report(Diagnostic diagnostic) => output.WriteLine(JsonLines.Of(diagnostic));
    }
}
