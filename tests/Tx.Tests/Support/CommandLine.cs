using Tx.Repl;

namespace Tx.Tests.Support;

/// <summary>What a call of <c>tx</c> gave.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs the command line inside the test's process, on a stack as large as the program's.</summary>
internal static class CommandLine
{
    public static CommandResult Run(params string[] args) => RunWithInput("", args);

    public static CommandResult RunWithInput(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exit = -1;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try { exit = CommandLineApp.Run(args, new StringReader(input), output, error); }
            catch (Exception e) { failure = e; }
        }, 256 << 20);
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException($"tx {string.Join(' ', args)} threw", failure);
        return new(exit, output.ToString(), error.ToString());
    }

    /// <summary>Runs a program given as text, from a folder of its own.</summary>
    public static CommandResult RunText(string command, string text, params string[] more)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("program.tx", text);
        return Run([command, file, .. more]);
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tx-test-").FullName;

    public string Write(string name, string text)
    {
        string file = System.IO.Path.Combine(Path, name);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
