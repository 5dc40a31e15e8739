using System.Diagnostics;
using Tx.Core;
using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;

namespace Tx.Bench.Peers.Families;

/// <summary>From a text to a function that can be called: in a process that has compiled before, with the code on disk, and in a process of its own.</summary>
internal static class CompileTime
{
    private static readonly string[] Kernels = ["matmul", "chain"];

    public static IEnumerable<Row> Rows(Workbench bench)
    {
        foreach (string kernel in Kernels)
        {
            yield return Make(bench, $"warm-{kernel}", () => InProcess(bench, kernel, isCached: false));
            yield return Make(bench, $"cached-{kernel}", () => InProcess(bench, kernel, isCached: true));
            yield return Make(bench, $"process-{kernel}", () => Process(bench, kernel));
        }
    }

    private static Row Make(Workbench bench, string name, Func<Setup> build) => new("compile", name, 1, build);

    // As a program that embeds tx does it: reading the files, proofs, schedule, code, loading. Peers have no store of code, so they compile in both rows.
    private static Setup InProcess(Workbench bench, string kernel, bool isCached)
    {
        var setup = Empty();
        string folder = setup.Own(new TemporaryFolder()).Path, path = Path.Combine(folder, "program.tx");
        File.WriteAllText(path, Import(bench, kernel));
        var options = new CompileOptions();
        foreach (string dim in kernel == "matmul" ? new[] { "M", "N", "K" } : ["N"]) options.Sizes[dim] = kernel == "matmul" ? 512 : 1 << 20;
        int fresh = 0;
        double Once()
        {
            string? usual = Environment.GetEnvironmentVariable("TX_CACHE");
            Environment.SetEnvironmentVariable("TX_CACHE", isCached ? folder : Path.Combine(folder, (++fresh).ToString(System.Globalization.CultureInfo.InvariantCulture)));
            try
            {
                double start = ThreadClock.ProcessSeconds;
                using var program = TxProgram.Load(path);
                using var made = program[kernel].Compile(options);
                return ThreadClock.ProcessSeconds - start;
            }
            catch (DiagnosticException e) { throw new MissingOperatorException(string.Join("; ", e.Diagnostics.Select(d => $"{d.Code} {d.Message}"))); }
            finally { Environment.SetEnvironmentVariable("TX_CACHE", usual); }
        }
        try
        {
            // The compiler's own code is compiled when it has run often.
            for (int n = 0; n < 10; n++) Once();
            setup.Contenders.Add(new("tx", Side.Tx, () => Once()) { Sample = Once });
        }
        catch (MissingOperatorException e) { setup.NoOperator = e.Message; }
        if (bench.Has(setup, HalideJit.IsHere, HalidePipelines.Package)) setup.Add(HalideJit.Warm(setup, kernel));
        if (bench.Has(setup, ClangCompiler.IsHere, ClangKernels.Package)) setup.Add(ClangCompiler.Of(bench.Root, kernel));
        return setup;
    }

    // tx runs a program that calls the kernel once, without a store of code.
    private static Setup Process(Workbench bench, string kernel)
    {
        var setup = Empty();
        string folder = setup.Own(new TemporaryFolder()).Path;
        string program = Path.Combine(bench.Root, "artifacts", "tx", "Tx.Repl"), text = Path.Combine(folder, "program.tx");
        File.WriteAllText(text, Import(bench, kernel) + (kernel == "matmul"
            ? "let C = matmul(random(f32[512, 512], seed = 1), random(f32[512, 512], seed = 2))\n"
            : "let Y = chain(random(f32[1048576], seed = 1), random(f32[1048576], seed = 2))\n"));
        int fresh = 0;
        void Once()
        {
            var start = new ProcessStartInfo(program, ["run", text]) { RedirectStandardError = true };
            start.Environment["TX_CACHE"] = Path.Combine(folder, (++fresh).ToString(System.Globalization.CultureInfo.InvariantCulture));
            using var process = System.Diagnostics.Process.Start(start)!;
            string said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"tx run: {said}");
        }
        if (File.Exists(program)) setup.Contenders.Add(new("tx", Side.Tx, Once) { Sample = () => WallClock.Of(Once) });
        else setup.NoOperator = "artifacts/tx is not built; start ./tx once";
        if (bench.Has(setup, HalideJit.IsHere, HalidePipelines.Package)) setup.Add(HalideJit.Fresh(kernel));
        if (bench.Has(setup, ClangCompiler.IsHere, ClangKernels.Package)) setup.Add(ClangCompiler.Of(bench.Root, kernel));
        return setup;
    }

    private static string Import(Workbench bench, string kernel) =>
        kernel == "matmul" ? "import \"linear.tx\"\n" : $"import \"{Path.Combine(bench.Root, "bench", "peers", "chain.tx")}\"\n";

    private static Setup Empty() => new() { Bound = "none: results are those of the other families", Error = () => 0, Clear = () => { } };

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("peers-").FullName;
        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
