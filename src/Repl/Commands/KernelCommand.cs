using System.CommandLine;
using System.Text.RegularExpressions;
using Tx.Repl.Jupyter;
using Tx.Repl.Polyglot;

namespace Tx.Repl.Commands;

/// <summary><c>tx kernel</c>: notebooks.</summary>
internal static partial class KernelCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var stdio = new Option<bool>("--stdio") { Description = "serve a Polyglot notebook: the protocol of .NET Interactive over standard input and output" };
        var host = new Option<string>("--kernel-host") { Description = "the name under which the notebook knows this process", HelpName = "NAME", DefaultValueFactory = _ => "tx" };
        var command = new Command("kernel", "Serves notebooks.") { Install(output), Start(), stdio, host };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(stdio)) return StdioHost.Serve(parsed.GetRequiredValue(host));
            error.WriteLine("tx: `tx kernel install` makes the kernel known to Jupyter, `tx kernel --stdio` serves a Polyglot notebook; `tx kernel --help` shows more");
            return CommandLineApp.CallFault;
        });
        return command;
    }

    private static Command Install(TextWriter output)
    {
        var user = new Option<bool>("--user") { Description = "for this user (the default)" };
        var system = new Option<bool>("--sys-prefix") { Description = "for the Python environment that is active" };
        var prefix = new Option<string?>("--prefix") { Description = "for the installation under this folder", HelpName = "DIR" };
        var name = new Option<string>("--name") { Description = "the name by which Jupyter knows the kernel", HelpName = "NAME", DefaultValueFactory = _ => "tx" };
        var display = new Option<string>("--display-name") { Description = "the name that Jupyter shows", HelpName = "TEXT", DefaultValueFactory = _ => "tx" };
        var command = new Command("install", "Makes the kernel known to Jupyter.") { user, system, prefix, name, display };
        command.SetAction(parsed =>
        {
            string? folder = parsed.GetValue(prefix);
            if ((parsed.GetValue(user) ? 1 : 0) + (parsed.GetValue(system) ? 1 : 0) + (folder is null ? 0 : 1) > 1)
                throw new RequestException("`--user`, `--sys-prefix` and `--prefix` name different places: give one of them");
            string kernel = parsed.GetRequiredValue(name);
            if (!KernelName().IsMatch(kernel)) throw new RequestException($"`{kernel}` is no name of a kernel: use letters, digits, `.`, `-` and `_`");
            string kernels = folder is not null ? KernelSpec.PrefixFolder(folder) : parsed.GetValue(system) ? KernelSpec.PrefixFolder(KernelSpec.PythonPrefix()) : KernelSpec.UserFolder();
            output.WriteLine($"the kernel `{kernel}` is in {KernelSpec.Install(kernels, kernel, parsed.GetRequiredValue(display), KernelSpec.OwnCommand())}");
            return CommandLineApp.Fine;
        });
        return command;
    }

    private static Command Start()
    {
        var file = new Option<string>("--connection-file", "-f") { Description = "where to listen, as the client wrote it", HelpName = "FILE", Required = true };
        var command = new Command("start", "Starts the kernel. Jupyter does this.") { file };
        command.SetAction(parsed =>
        {
            using var kernel = new JupyterKernel(ConnectionFile.Read(parsed.GetRequiredValue(file)));
            return kernel.Run();
        });
        return command;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    private static partial Regex KernelName();
}
