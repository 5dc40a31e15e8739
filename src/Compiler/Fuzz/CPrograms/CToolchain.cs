using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Tx.Backends.C;
using Tx.Core;

namespace Tx.Fuzz.CPrograms;

/// <summary>A compiler of C and what its programs run under.</summary>
/// <param name="Flags">Every warning is to be an error.</param>
/// <param name="Files">Linked with each program.</param>
/// <param name="Runner">Before the program's name; empty: it is started itself.</param>
internal sealed record CToolchain(string Name, string Compiler, ImmutableArray<string> Flags, ImmutableArray<string> Files, ImmutableArray<string> Runner)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    /// <summary>What generated C must compile without a warning under.</summary>
    public static ImmutableArray<string> Strict { get; } = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"];

    // The program ends where C leaves undefined what it does. Clang's libraries for that are seldom installed, so there it ends without a word.
    private static ImmutableArray<string> Sanitizers(string compiler) =>
        compiler.Contains("clang", StringComparison.Ordinal) ? ["-fsanitize=undefined", "-fsanitize-trap=undefined"] : ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"];

    /// <summary>The compilers of this machine: `TX_CC` alone where it is set, else those of gcc and clang that are there.</summary>
    /// <exception cref="DiagnosticException">TX4051: there is none.</exception>
    public static ImmutableArray<CToolchain> Host(bool isSanitized, params IEnumerable<string> flags)
    {
        string[] wanted = Environment.GetEnvironmentVariable("TX_CC") is { Length: > 0 } own ? [own] : ["gcc", "clang-19", "clang"];
        ImmutableArray<CToolchain> found = [.. wanted.Where(Exists).Take(2).Select(c => new CToolchain(c, c, [.. Strict, .. isSanitized ? Sanitizers(c) : [], .. flags], ["-lm"], []))];
        return found.IsEmpty ? throw new DiagnosticException(CDiagnostics.NoCompiler, null, string.Join(", ", wanted)) : found;
    }

    public static bool Exists(string command) => command.Contains('/') ? File.Exists(command)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, command)));

    /// <summary>What the program prints.</summary>
    /// <exception cref="InvalidOperationException">It is not compiled, or ends with a fault.</exception>
    public string Run(string program, string folder)
    {
        string source = Path.Combine(folder, "program.c"), image = Path.Combine(folder, "program");
        File.WriteAllText(source, program);
        Start(Compiler, [.. Flags, source, "-o", image, .. Files], "is not compiled");
        return Runner.IsEmpty ? Start(image, [], "fails") : Start(Runner[0], [.. Runner.Skip(1), image], "fails");
    }

    private string Start(string command, IEnumerable<string> arguments, string what)
    {
        var info = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process? process;
        try { process = Process.Start(info); }
        catch (Win32Exception e) { throw new InvalidOperationException($"`{command}` cannot be started: {e.Message}"); }
        using (process)
        {
            var (output, error) = (process!.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(s_limit))
            {
                process.Kill(entireProcessTree: true);
                throw new InvalidOperationException($"{Name}: the program {what}: it takes more than {s_limit.TotalSeconds} seconds");
            }
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Result : throw new InvalidOperationException($"{Name}: the program {what}:\n{Shortened(error.Result)}");
        }
    }

    private static string Shortened(string text) => text.Length <= 3000 ? text : text[..3000] + "…";
}
