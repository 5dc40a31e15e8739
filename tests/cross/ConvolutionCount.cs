using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Fuzz;
using Tx.Fuzz.CPrograms;
using Tx.Lang.Semantics;

namespace Tx.Cross;

/// <summary>Instructions of 8-bit convolutions on a Cortex-M7, beside those of the plain nest as its compiler makes them.</summary>
internal static class ConvolutionCount
{
    // Of 32 channels and more; for fewer, the compiler unrolls the plain nest, and the loops around the tile weigh more.
    private const double Wanted = 3;

    private static readonly (int Size, int Channels, int Results)[] s_shapes = [(16, 32, 32), (8, 64, 64), (16, 16, 16), (13, 8, 12), (32, 3, 16)];

    public static bool Run(string root, Platform platform)
    {
        using var session = new Session(new() { Threads = 1 }, new Quiet());
        if (session.Load(Path.Combine(root, "lib", "quantized.tx")) is null) return false;
        var op = session.Resolver.Binder.Bind(session.Declarations.Operators["conv2d_s8"], new Specialisation([], [], [("pad", Scalar.Index(1))]), new DiagnosticBag())!;
        bool isFine = true;
        foreach (var (size, channels, results) in s_shapes)
        {
            var dims = op.Dims.ToImmutableDictionary(d => d, d => d.Name switch { "N" => 1L, "H" or "W" => size, "C" => channels, "O" => results, _ => 3 });
            var values = new InputValues(ValueMode.Special, 7);
            var work = new Workload(op, dims, [.. op.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))], 0, 1);
            using var made = new TargetKernels(session, platform.Target);
            var kernel = made.Emit(op, dims, "fixed");
            ImmutableArray<CCase> cases = [new(kernel, work)];
            var (outcome, count) = CComparer.Execute(platform.Toolchain, cases, counts: true)[0];
            bool agrees = OperatorComparer.Compare(OperatorComparer.Evaluate(work), outcome, 0) is null;
            long naive = Naive(root, platform, size, channels, results);
            double ratio = (double)naive / count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"conv2d_s8 3x3, {size}x{size}x{channels} -> {results}: {count} instructions, the plain nest {naive}: {ratio:F2} times fewer; {TargetKernels.CodeBytes(kernel)} bytes of code, {kernel.ArenaBytes} of arena{(agrees ? "" : "; DIFFERS")}"));
            isFine &= agrees && (ratio >= Wanted || channels < 32);
        }
        return isFine;
    }

    private static long Naive(string root, Platform platform, int size, int channels, int results)
    {
        var folder = Directory.CreateTempSubdirectory("tx-naive-");
        try
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"#define SIZE {size}\n#define CHANNELS {channels}\n#define RESULTS {results}\n") + File.ReadAllText(Path.Combine(root, "tests", "cross", "m7", "naive_conv.c"));
            return long.Parse(platform.Toolchain.Run(text, folder.FullName), CultureInfo.InvariantCulture);
        }
        finally { folder.Delete(recursive: true); }
    }
}
