using System.CommandLine;
using Tx.Core;
using Tx.Shells;

namespace Tx.Repl.Commands;

internal static class ExplainCommand
{
    public static Command Create(TextWriter output)
    {
        var code = new Argument<string>("CODE") { Description = "a code such as TX1501" };
        var command = new Command("explain", "Shows the documentation of an error code: an example and its mending.") { code };
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(code).ToUpperInvariant();
            if (DiagnosticsManual.Section(wanted) is { } section)
            {
                output.WriteLine(section);
                return CommandLineApp.Fine;
            }
            string near = Suggestion.For(wanted, DiagnosticsManual.Codes) is { } s ? $"; did you mean {s}?" : "";
            throw new RequestException($"there is no code `{wanted}`{near}");
        });
        return command;
    }
}
