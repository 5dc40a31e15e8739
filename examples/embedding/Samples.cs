using System.Numerics.Tensors;
using Tx;
using Tx.Core;
using Tx.Runtime;
using static Tx.Core.ElementType;

namespace Embedding;

/// <summary>The programs of <c>docs/embedding.md</c>. Each writes what it computes.</summary>
public static partial class Samples
{
    public static void Run(TextWriter output)
    {
        First(output);
        Shapes(output);
        Views(output);
        Pointers(output);
        Choices(output);
        Scheduled(output);
        Library(output);
        Built(output);
        Errors(output);
        Asynchronous(output).GetAwaiter().GetResult();
    }

    private static void First(TextWriter output)
    {
        using var program = TxProgram.Parse("""
            op layer(X: f32[M, K], W: f32[K, N], b: f32[N]) -> Y: f32[M, N] {
                Y[i, j] = max(sum(k: X[i, k] * W[k, j]) + b[j], 0)
            }
            """);
        using var layer = program["layer"].Compile();

        float[,] x = { { 1, 2 }, { 3, 4 } };
        float[,] w = { { 1, 0, -1 }, { 0, 1, -1 } };
        float[] b = [10, 20, 0];
        float[,] y = new float[2, 3];
        layer.Invoke(x, w, b, y);
        output.WriteLine(string.Join(" ", y.Cast<float>()));
    }

    private static void Shapes(TextWriter output)
    {
        using var program = TxProgram.Parse("op scale(X: f32[M, N], by: f32[N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] * by[j] }");
        float[] by = [1, 10, 100];
        float[] data = [1, 2, 3, 4, 5, 6];

        using var known = program["scale"].Compile(new() { Sizes = { ["M"] = 2, ["N"] = 3 } });
        float[] y = new float[6];
        known.Invoke(data, by, y);

        using var all = program["scale"].Compile();
        Tensor<float> z = Tensor.CreateFromShape<float>([2, 3]);
        all.Invoke(new ReadOnlyTensorSpan<float>(data, [2, 3]), by, z);
        output.WriteLine(string.Join(" ", y) + " = " + string.Join(" ", z));
    }

    private static void Views(TextWriter output)
    {
        using var program = TxProgram.Parse("op double(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] * 2 }");
        using var twice = program["double"].Compile();

        Tensor<float> image = Tensor.Create<float>([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 4]);
        Tensor<float> corner = image[1..3, 0..2];
        TensorSpan<float> right = image.AsTensorSpan().Slice([1..3, 2..4]);
        twice.Invoke(corner, right);
        output.WriteLine(string.Join(" ", image));
    }

    private static unsafe void Pointers(TextWriter output)
    {
        using var program = TxProgram.Parse("op sum(X: f64[M, N]) -> s: f64[M] { s[i] = sum(j: X[i, j]) }");
        using var sum = program["sum"].Compile();
        double[] columns = [1, 2, 10, 20, 100, 200];
        double[] s = new double[2];
        fixed (double* x = columns)
            sum.Invoke(TensorArgument.At(x, shape: [2, 3], strides: [1, 2]), s);
        output.WriteLine(string.Join(" ", s));
    }

    private static void Choices(TextWriter output)
    {
        using var program = TxProgram.Parse("""
            const bias = 0
            op power<T: float>(X: T[..S], const n: int) -> Y: T[..S] require n >= 1 { Y[..i] = prod(k in 0..n: X[..i]) + bias }
            """, new() { Defines = { ["bias"] = 0.5 } });
        using var cube = program["power"].Compile(new()
        {
            Types = { ["T"] = F64 }, Ranks = { ["S"] = 1 }, Consts = { ["n"] = 3 }, Pool = WorkerPool.Shared,
        });
        double[] y = new double[3];
        cube.Invoke(new double[] { 1, 2, 3 }, y);
        output.WriteLine(string.Join(" ", y));
    }

    private static void Scheduled(TextWriter output)
    {
        using var program = TxProgram.Parse("""
            op double(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 2 }
            schedule wide for double on cpu {
                knob n in [4, 8]
                Y.i.vectorize(n)
            }
            """);
        using var twice = program["double"].Compile(new() { Schedule = "wide", Knobs = { ["n"] = 8 } });
        float[] y = new float[3];
        twice.Invoke(new float[] { 1, 2, 3 }, y);
        output.WriteLine(string.Join(" ", y));
    }

    private static void Library(TextWriter output)
    {
        using var program = TxProgram.Parse("import \"norm.tx\"");
        using var softmax = program["softmax"].Compile();
        float[,] y = new float[1, 4];
        softmax.Invoke(new float[1, 4], y);
        output.WriteLine(string.Join(" ", y.Cast<float>()));
    }

    private static void Errors(TextWriter output)
    {
        try
        {
            TxProgram.Parse("op next(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] }");
        }
        catch (DiagnosticException e)
        {
            output.Write(e.Rendered);
            foreach (Diagnostic d in e.Diagnostics) output.WriteLine($"{d.Code} at {d.Span}: {d.Help}");
        }
    }

    private static async Task Asynchronous(TextWriter output)
    {
        using var program = TxProgram.Parse("op halve(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] / 2 }");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var halve = await program["halve"].CompileAsync(new(), patience.Token);
        float[] y = new float[2];
        halve.Invoke(new float[] { 1, 3 }, y, patience.Token);
        output.WriteLine(string.Join(" ", y));
    }
}
