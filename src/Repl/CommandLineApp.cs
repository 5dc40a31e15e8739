using System.CommandLine;
using Tx.Core;
using Tx.Repl.Commands;

namespace Tx.Repl;

/// <summary>The <c>tx</c> command line. Exit codes are a contract: 0 fine, 1 the program is at fault, 2 the call is at fault.</summary>
internal static class CommandLineApp
{
    public const int Fine = 0, ProgramFault = 1, CallFault = 2;

    /// <summary>The exit code of a session that reported errors.</summary>
    public static int FaultOf(Session session) => session.LacksLibrary ? CallFault : ProgramFault;

    public static int Run(string[] args, TextReader input, TextWriter output, TextWriter error)
    {
        try
        {
            var root = new RootCommand("tx: a language for tensor programs. Without arguments: a prompt.")
            {
                RunCommand.Create(output, error),
                CheckCommand.Create(output, error),
                PrintCommand.Create(output, error),
                TestCommand.Create(output, error),
                BenchCommand.Create(output, error),
                BuildCommand.Create(output, error),
                ReportCommand.Create(output, error),
                ExplainCommand.Create(output),
                FuzzCommand.Create(output, error),
                FormatCommand.Create(input, output, error),
                LspCommand.Create(error),
                KernelCommand.Create(output, error),
                PromptCommand.Create(input, output, error),
            };
            root.SetAction(_ => PromptCommand.Run(input, output, error));
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                foreach (var e in parsed.Errors) error.WriteLine($"tx: {e.Message}");
                error.WriteLine("tx: `tx --help` and `tx COMMAND --help` show how to call it");
                return CallFault;
            }
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (RequestException e)
        {
            error.WriteLine($"tx: {e.Message}");
            return CallFault;
        }
        catch (DiagnosticException e)
        {
            error.Write(DiagnosticRenderer.Render(e.Diagnostics));
            return e.Diagnostics.Any(d => d.Code.StartsWith("TX4", StringComparison.Ordinal)) ? CallFault : ProgramFault;
        }
        catch (IOException e)
        {
            // Standard output is gone or full.
            try { error.WriteLine($"tx: {e.Message}"); }
            catch (IOException) { return CallFault; }
            return CallFault;
        }
        catch (InsufficientExecutionStackException)
        {
            error.WriteLine("tx: the program is nested too deeply");
            return ProgramFault;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("tx: cancelled");
            return ProgramFault;
        }
    }
}

