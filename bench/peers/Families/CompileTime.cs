using System.Collections.Immutable;
using System.Diagnostics;
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

    // Reading the file, finding the operator, its proofs, its schedule, code, loading. Peers have no such store of code, so they compile in both rows.
    private static Setup InProcess(Workbench bench, string kernel, bool isCached)
    {
        var setup = Empty();
        string folder = setup.Own(new TemporaryFolder()).Path;
        var sizes = kernel == "matmul" ? new Dictionary<string, long> { ["n"] = 512 } : new() { ["n"] = 1 << 20 };
        int fresh = 0;
        double Once()
        {
            string? usual = Environment.GetEnvironmentVariable("TX_CACHE");
            Environment.SetEnvironmentVariable("TX_CACHE", isCached ? folder : Path.Combine(folder, (++fresh).ToString(System.Globalization.CultureInfo.InvariantCulture)));
            try
            {
                using var operators = bench.Fresh();
                double start = ThreadClock.ProcessSeconds;
                var (op, reason) = operators.Find($"compile.{kernel}", sizes);
                double seconds = ThreadClock.ProcessSeconds - start;
                return op is null ? throw new MissingOperatorException(reason) : seconds;
            }
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
        File.WriteAllText(text, kernel == "matmul"
            ? "import \"linear.tx\"\nlet C = matmul(random(f32[512, 512], seed = 1), random(f32[512, 512], seed = 2))\n"
            : $"import \"{Path.Combine(bench.Root, "bench", "families.tx")}\"\nlet Y = chain(random(f32[1048576], seed = 1), random(f32[1048576], seed = 2))\n");
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

    private static Setup Empty() => new() { Bound = "none: results are those of the other families", Error = () => 0, Clear = () => { } };

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("peers-").FullName;
        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
