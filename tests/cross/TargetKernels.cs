using System.Diagnostics;
using System.Globalization;
using Tx.Backends.C;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Cross;

/// <summary>Operators of a session as C for one processor, each under the schedule that is chosen for it.</summary>
internal sealed class TargetKernels : IDisposable
{
    private readonly ScheduleResolver _schedules;
    private readonly KernelCompiler _compiler;

    public TargetKernels(Session session, CpuTarget target)
    {
        _schedules = new(() => session.Resolver.Binder, target, null, session.Resolver.Admit);
        _compiler = new(target, _schedules);
    }

    public CModule Emit(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims, string suffix) => _compiler.EmitC(op, dims, name: $"{op.Name}_{suffix}");

    /// <summary>Bytes of code of a kernel for a Cortex-M7.</summary>
    public static long CodeBytes(CModule kernel)
    {
        string folder = Directory.CreateTempSubdirectory("tx-size-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernel.c"), image = Path.Combine(folder, "kernel.o");
            File.WriteAllText(source, CEmitter.File(kernel) + $"int32_t (*const keep_{kernel.Entry})() = (int32_t (*)()){kernel.Entry};\n");
            Text("arm-none-eabi-gcc", ["-std=c99", "-O3", .. Platform.M7Flags, "-c", source, "-o", image]);
            return long.Parse(Text("arm-none-eabi-size", [image]).Split('\n')[1].Split(['\t', ' '], StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    internal static string Text(string command, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command}: {error.Result}");
    }

    public void Dispose()
    {
        _compiler.Dispose();
        _schedules.Dispose();
    }
}

/// <summary>The operators that a file declares itself.</summary>
internal static class SyntaxOperators
{
    public static HashSet<string> In(string file) => [.. SyntaxParser.Parse(new SourceText(file, File.ReadAllText(file))).Root.DescendantsAndSelf().OfType<OpSyntax>().Select(o => o.Name.Text)];
}

/// <summary>What a session says goes to the console; only errors matter here.</summary>
internal sealed class Quiet : ISessionOutput
{
    public void Print(string text) { }
    public void Display(DisplayBundle bundle) { }
    public void Echo(Value value) { }
    public void Bench(BenchResult result) { }
    public void Report(Diagnostic diagnostic)
    {
        if (diagnostic.IsError) Console.Error.WriteLine(DiagnosticRenderer.Render([diagnostic]));
    }
}
