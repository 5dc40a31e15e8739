using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Build;

/// <summary>Links objects to a shared library, by a compiler of the system. Only the public symbols are visible; start files, which bring constructors, stay out.</summary>
internal static class SharedLinker
{
    /// <exception cref="DiagnosticException">TX4083 or TX4088.</exception>
    public static byte[] Link(CpuTarget target, string soname, IEnumerable<ImmutableArray<byte>> objects, IEnumerable<string> publicSymbols)
    {
        var folder = Directory.CreateTempSubdirectory("tx-link-");
        try
        {
            var files = new List<string>();
            foreach (var o in objects)
            {
                files.Add(Path.Combine(folder.FullName, $"{files.Count}.o"));
                File.WriteAllBytes(files[^1], o.ToArray());
            }
            string script = Path.Combine(folder.FullName, "symbols.map"), output = Path.Combine(folder.FullName, "library.so");
            File.WriteAllText(script, $"{{\n  global:\n{string.Concat(publicSymbols.Select(s => $"    {s};\n"))}  local: *;\n}};\n");
            string[] arguments =
            [
                "-shared", "-nostartfiles", "-o", output, $"-Wl,-soname,{soname}", $"-Wl,--version-script={script}", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,-z,defs",
                "-Wl,--as-needed", .. files, "-lm", "-lc",
            ];
            var candidates = Candidates(target);
            foreach (string compiler in candidates)
                if (Run(compiler, arguments) is { } failure)
                    return failure.Length == 0 ? File.ReadAllBytes(output) : throw new DiagnosticException(BuildDiagnostics.LinkerFailed, null, compiler, failure);
            throw new DiagnosticException(BuildDiagnostics.LinkerMissing, null, target.Name, string.Join(", ", candidates.Select(c => $"`{c}`")), Package(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException(RuntimeDiagnostics.CannotWrite, null, folder.FullName, e.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // One that TX_CC names is the only one.
    private static ImmutableArray<string> Candidates(CpuTarget target) =>
        Environment.GetEnvironmentVariable("TX_CC") is { Length: > 0 } given ? [given]
        : target.Architecture == CpuTarget.HostArchitecture ? ["cc", "gcc", "clang", "clang-19"]
        : target.Architecture is CpuArchitecture.AArch64 ? ["aarch64-linux-gnu-gcc"] : ["x86_64-linux-gnu-gcc"];

    private static string Package(CpuTarget target) =>
        target.Architecture == CpuTarget.HostArchitecture ? "gcc" : target.Architecture is CpuArchitecture.AArch64 ? "gcc-aarch64-linux-gnu" : "gcc-x86-64-linux-gnu";

    /// <summary>What it says where it fails, empty where it does not; null where there is no such program.</summary>
    private static string? Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string a in arguments) start.ArgumentList.Add(a);
        start.Environment["LC_ALL"] = "C";
        try
        {
            using var process = Process.Start(start)!;
            var said = new StringBuilder();
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            said.Append(process.StandardError.ReadToEnd());
            process.WaitForExit();
            if (process.ExitCode == 0) return "";
            string[] lines = said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.Length == 0 ? $"exit code {process.ExitCode}" : string.Join("; ", lines.Take(3));
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
