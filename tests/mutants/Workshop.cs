using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tx.Mutants;

/// <summary>What became of a mutant.</summary>
/// <param name="Programs">After how many programs it was found; null where it was not.</param>
internal sealed record Outcome(Mutant Mutant, int? Programs, string What);

/// <summary>A copy of the source with its own build, in which one mutant after another is made and fuzzed.</summary>
internal sealed partial class Workshop : IDisposable
{
    private static readonly string[] BuildArguments =
        ["build", "src/Repl", "-c", "Release", "-v", "q", "-nologo", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false"];

    private readonly string _copy;

    public Workshop(string root)
    {
        _copy = Directory.CreateTempSubdirectory("tx-mutants-").FullName;
        foreach (string file in Directory.EnumerateFiles(root).Where(f => Path.GetExtension(f) is ".props" or ".targets" or ".sln" or ".config" or ".json" or ".editorconfig" || Path.GetFileName(f) == ".editorconfig"))
            File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
        foreach (string folder in new[] { "src", "docs", "lib" })
            if (Directory.Exists(Path.Combine(root, folder))) Copy(Path.Combine(root, folder), Path.Combine(_copy, folder));
    }

    /// <summary>Builds the unbroken source and sees that it passes.</summary>
    public void Prepare(ulong seed)
    {
        if (Build() is { } error) throw new InvalidOperationException($"the unbroken source does not build:\n{error}");
        foreach (string? kind in (string?[])[null, "--schedules"])
            if (Fuzz(seed, 100, kind) is (not 0, var output)) throw new InvalidOperationException($"the unbroken source fails:\n{output}");
    }

    public Outcome Try(Mutant mutant, ulong seed, int count)
    {
        string path = Path.Combine(_copy, mutant.File), source = File.ReadAllText(path);
        File.WriteAllText(path, mutant.Apply(source));
        try
        {
            if (Build() is { } error) throw new InvalidOperationException($"{mutant.Name} does not build:\n{error}");
            var (exit, output) = Fuzz(seed, count, mutant.Schedules ? "--schedules" : mutant.Symbolic ? "--symbolic" : null);
            if (exit == 0) return new(mutant, null, "");
            // A program that the mutant kills is found as well; the last line before tells how far it came.
            int programs = Found().Match(output) is { Success: true } m ? int.Parse(m.Groups["n"].Value, CultureInfo.InvariantCulture) : output.Split('\n').Count(l => l.StartsWith('.')) * 10;
            string what = output.Split('\n').FirstOrDefault(l => l.StartsWith("// ", StringComparison.Ordinal) && !l.StartsWith("// seed", StringComparison.Ordinal)) ?? $"exit code {exit}";
            return new(mutant, Math.Max(1, programs), what);
        }
        finally
        {
            File.WriteAllText(path, source);
        }
    }

    private string? Build()
    {
        var (exit, output) = Run("dotnet", BuildArguments, TimeSpan.FromMinutes(10));
        return exit == 0 ? null : string.Join('\n', output.Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Distinct().Take(5));
    }

    private (int Exit, string Output) Fuzz(ulong seed, int count, string? kind = null) =>
        Run("dotnet", [Path.Combine(_copy, "artifacts", "bin", "Repl", "release", "Tx.Repl.dll"), "fuzz", "--first",
            "--seed", seed.ToString(CultureInfo.InvariantCulture), "--count", count.ToString(CultureInfo.InvariantCulture), .. kind is null ? (string[])[] : [kind]], TimeSpan.FromMinutes(20));

    private (int Exit, string Output) Run(string program, string[] arguments, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _copy, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TX_CACHE"] = Path.Combine(_copy, "cache");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        // A mutant that hangs is found, too.
        if (!process.WaitForExit(limit)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return (process.ExitCode, output.Result + error.Result);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.EnumerateDirectories(from))
            if (Path.GetFileName(folder) is not ("bin" or "obj" or "artifacts")) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    [GeneratedRegex(@"failure after (?<n>\d+) programs")]
    private static partial Regex Found();
}
