using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tx.Core;

namespace Tx.Repl.Commands;

/// <summary><c>tx check --intrinsics</c>: each declared instruction against what it emits. The work is done in another process, since LLVM ends its own
/// where it cannot go on; then the instruction that it was at is at fault, and another process does the rest.</summary>
internal sealed class IntrinsicsCheck(string path, string[] defines, bool isJson, TextWriter output, Action<Diagnostic> report)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <returns>Whether no instruction is at fault.</returns>
    public bool Run(IReadOnlyList<(string Name, SourceSpan Span)> declared)
    {
        bool isGood = true;
        for (int next = 0; next < declared.Count;)
        {
            int before = next;
            using var child = Start(declared.Skip(next).Select(d => d.Name));
            var complaints = child.StandardError.ReadToEndAsync();
            while (ReadLine(child) is { } line)
            {
                if (IntrinsicLines.Parse(line) is not { } found || next >= declared.Count || found.Name != declared[next].Name) continue;
                isGood &= Say(found, declared[next].Span);
                next++;
            }
            if (!child.WaitForExit(Patience))
            {
                child.Kill(entireProcessTree: true);
                child.WaitForExit();
            }
            if (next == declared.Count) break;
            string end = complaints.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? $"exit code {child.ExitCode}";
            isGood &= Say(new(declared[next].Name, IntrinsicOutcome.Refused, 0, $"the process that compiled and ran it has ended: {end}"), declared[next].Span);
            next = Math.Max(next, before) + 1;
        }
        return isGood;
    }

    private static string? ReadLine(Process child)
    {
        var line = child.StandardOutput.ReadLineAsync();
        if (line.Wait(Patience)) return line.Result;
        child.Kill(entireProcessTree: true);
        return null;
    }

    private bool Say(IntrinsicReport r, SourceSpan span)
    {
        if (isJson) output.WriteLine(IntrinsicLines.Of(r, span));
        switch (r.Outcome)
        {
            case IntrinsicOutcome.Differs: report(Diagnostic.Create(SessionDiagnostics.IntrinsicDiffers, span, r.Name, r.Reason).WithWitness(r.Witness ?? "")); return false;
            case IntrinsicOutcome.Refused: report(Diagnostic.Create(SessionDiagnostics.IntrinsicRefused, span, r.Name, r.Reason)); return false;
        }
        if (!isJson) output.WriteLine($"{span}: `{r.Name}` {(r.Outcome switch { IntrinsicOutcome.Agrees => $"agrees on {r.Trials} inputs", IntrinsicOutcome.Skipped => $"is skipped: {r.Reason}", _ => r.Reason })}");
        return true;
    }

    private Process Start(IEnumerable<string> names)
    {
        var (program, first) = Self();
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string a in first.Concat(["check", path, "--intrinsics"]).Concat(names.SelectMany(n => new[] { "--only", n })).Concat(defines.SelectMany(d => new[] { "-D", d }))) start.ArgumentList.Add(a);
        return Process.Start(start) ?? throw new IOException($"`{program}` does not start");
    }

    // Started as a program of its own, or by `dotnet`.
    private static (string Program, string[] Arguments) Self()
    {
        string library = typeof(IntrinsicsCheck).Assembly.Location;
        if (Environment.ProcessPath is { } process && Path.GetFileNameWithoutExtension(process) == Path.GetFileNameWithoutExtension(library)) return (process, []);
        string host = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", host));
        return (File.Exists(beside) ? beside : host, [library]);
    }
}

/// <summary>Outcomes as lines of JSON.</summary>
internal static class IntrinsicLines
{
    /// <summary><c>intrin outcome trials reason line</c>, and <c>witness</c> where there is one; the outcome is <c>agrees differs skipped declared refused</c>.</summary>
    public static string Of(IntrinsicReport r, SourceSpan? span) => JsonLines.Write(w =>
    {
        w.WriteString("intrin", r.Name);
        w.WriteString("outcome", r.Outcome.ToString().ToLowerInvariant());
        w.WriteNumber("trials", r.Trials);
        w.WriteString("reason", r.Reason);
        if (r.Witness is not null) w.WriteString("witness", r.Witness);
        if (span is { } at) w.WriteNumber("line", at.Start.Line);
    });

    public static IntrinsicReport? Parse(string line)
    {
        try
        {
            var json = JsonDocument.Parse(line).RootElement;
            return json.TryGetProperty("intrin", out var name)
                ? new(name.GetString()!, Enum.Parse<IntrinsicOutcome>(json.GetProperty("outcome").GetString()!, ignoreCase: true), json.GetProperty("trials").GetInt32(), json.GetProperty("reason").GetString()!,
                    json.TryGetProperty("witness", out var witness) ? witness.GetString() : null)
                : null;
        }
        catch (JsonException) { return null; }
    }
}
