using System.Numerics.Tensors;
using Tx.Core;
using Tx.Runtime;
using Tx.Tests.Support;
using static Tx.Core.ElementType;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>From a text, a file or a builder to kernels that .NET code calls.</summary>
public sealed class TxProgramTests
{
    [Fact]
    public unsafe void One_kernel_takes_arrays_spans_tensors_and_pointers()
    {
        using var program = Program();
        using var kernel = program["matmul"].Compile();
        foreach (var (m, k, n) in new[] { (1, 1, 1), (2, 3, 4), (17, 33, 9), (64, 64, 64) })
        {
            float[] a = Numbers(m * k), b = Numbers(k * n, 2), expected = Product(a, b, m, k, n), c = new float[m * n];
            kernel.Invoke(new ReadOnlyTensorSpan<float>(a, [m, k]), new ReadOnlyTensorSpan<float>(b, [k, n]), c);
            AssertClose(expected, c);

            var (a2, b2, c2) = (new float[m, k], new float[k, n], new float[m, n]);
            System.Buffer.BlockCopy(a, 0, a2, 0, 4 * a.Length);
            System.Buffer.BlockCopy(b, 0, b2, 0, 4 * b.Length);
            kernel.Invoke(a2, b2, c2);
            AssertClose(expected, [.. c2.Cast<float>()]);

            var t = Tensor.CreateFromShape<float>([m, n]);
            kernel.Invoke(Tensor.Create(a, [m, k]), b2, t);
            AssertClose(expected, [.. t]);

            Array.Clear(c);
            fixed (float* pa = a, pb = b, pc = c) kernel.Invoke(TensorArgument.At(pa, [m, k]), TensorArgument.At(pb, [k, n]), pc);
            AssertClose(expected, c);

            // Sizes that are fixed need no shapes.
            using var fixedKernel = program["matmul"].Compile(new() { Sizes = { ["M"] = m, ["K"] = k, ["N"] = n } });
            Array.Clear(c);
            fixed (float* pa = a, pb = b, pc = c) fixedKernel.Invoke(pa, pb, pc);
            AssertClose(expected, c);
            Array.Clear(c);
            fixedKernel.Invoke(a, b.AsSpan(), c);
            AssertClose(expected, c);

            // One size is fixed, the others are the call's.
            using var partial = program["matmul"].Compile(new() { Sizes = { ["K"] = k } });
            Array.Clear(c2);
            partial.Invoke(a2, b2, c2);
            AssertClose(expected, [.. c2.Cast<float>()]);
        }
    }

    [Fact]
    public void Native_tensors_and_several_results()
    {
        using var program = Program();
        using var kernel = program["both"].Compile();
        var allocator = new TensorAllocator();
        using var a = TensorFill.Full(allocator, [3], Scalar.Of(F32, 2.0));
        using var b = TensorFill.Zeros(allocator, F32, [3]);
        using var c = TensorFill.Zeros(allocator, F32, [3]);
        kernel.Invoke([a, b, c]);
        Assert.Equal((3.0, 4.0), (b[2].Real, c[2].Real));
        float[] x = [1, 2], y = new float[2], z = new float[2];
        kernel.Invoke(x, y, z);
        Assert.Equal([2f, 3f, 2f, 4f], [.. y, .. z]);
    }

    [Fact]
    public void Options_choose_schedule_knobs_types_ranks_and_consts()
    {
        using var program = Program();
        Assert.Equal<string>(["tiled"], program["matmul"].Schedules);
        using var tiled = program["matmul"].Compile(new() { Schedule = "tiled", Knobs = { ["n"] = 8 } });
        Assert.Contains("split(8)", Assert.Single(tiled.Image.Evidence).Step, StringComparison.Ordinal);
        float[,] a = { { 1, 2 }, { 3, 4 } }, b = { { 5, 6 }, { 7, 8 } }, c = new float[2, 2];
        tiled.Invoke(a, b, c);
        Assert.Equal([19f, 22f, 43f, 50f], c.Cast<float>());

        using var cube = program["scale"].Compile(new() { Types = { ["T"] = I32 }, Ranks = { ["S"] = 3 }, Consts = { ["by"] = -3 } });
        int[,,] x = { { { 1, 2 }, { 3, 4 } } }, y = new int[1, 2, 2];
        cube.Invoke(x, y);
        Assert.Equal([-3, -6, -9, -12], y.Cast<int>());

        using var pad = program["pad"].Compile(new() { Consts = { ["n"] = 2 } });
        float[] padded = new float[4];
        pad.Invoke(new float[] { 1, 2 }, padded);
        Assert.Equal([1f, 2f, 0f, 0f], padded);

        using var defined = TxProgram.Parse("const k = 3\nop f(A: f32[N]) -> B: f32[N] { B[i] = A[i] * k }", new() { Defines = { ["k"] = 0.5 } });
        using var f = defined["f"].Compile();
        f.Invoke(new float[] { 4 }, padded.AsSpan(0, 1));
        Assert.Equal(2f, padded[0]);
    }

    [Fact]
    public void Packed_rows_are_bytes()
    {
        using var program = Program();
        using var bits = program["bits"].Compile(new() { Sizes = { ["M"] = 2, ["N"] = 11 } });
        int[] n = new int[2];
        bits.Invoke(new byte[] { 0b1010_1010, 0b111, 0xFF, 0 }, n);
        Assert.Equal([7, 8], n);
        Assert.Equal("TX5022", CodeOf(() => bits.Invoke(new byte[3], n)));
        Assert.Equal("TX5021", CodeOf(() => bits.Invoke(new byte[2, 2], n)));
    }

    [Fact]
    public void Errors_carry_their_diagnostics_rendered()
    {
        var wrong = Assert.Throws<DiagnosticException>(() => TxProgram.Parse("op f(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] }\nop g(A: f32[N]) -> B: f32[N] { B[i] = X[i] }"));
        Assert.Equal(["TX1501", "TX1001"], wrong.Diagnostics.Where(d => d.IsError).Select(d => d.Code));
        Assert.Contains("<text>:1:41", wrong.Rendered, StringComparison.Ordinal);
        Assert.Contains("= help: ", wrong.ToString(), StringComparison.Ordinal);

        using var program = Program();
        Assert.Contains("did you mean `matmul`?", Assert.Throws<DiagnosticException>(() => program["matmu"]).Rendered, StringComparison.Ordinal);
        Assert.Equal("TX5320", CodeOf(() => _ = program["matmu"]));
        var matmul = program["matmul"];
        Assert.Equal("op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N]", matmul.ToString());
        Assert.Equal("Matrix product.", matmul.Documentation);
        Assert.Equal("TX5321", CodeOf(() => matmul.Compile(new() { Sizes = { ["Z"] = 3 } })));
        Assert.Equal("TX5321", CodeOf(() => matmul.Compile(new() { Schedule = "tild" })));
        Assert.Equal("TX5321", CodeOf(() => matmul.Compile(new() { Knobs = { ["n"] = 3 } })));
        Assert.Equal("TX5322", CodeOf(() => matmul.Compile(new() { Sizes = { ["M"] = -1 } })));
        Assert.Equal("TX5324", CodeOf(() => program["pad"].Compile()));
        Assert.Equal("TX5322", CodeOf(() => program["pad"].Compile(new() { Consts = { ["n"] = -1 } })));
        Assert.Equal("TX5322", CodeOf(() => program["pad"].Compile(new() { Consts = { ["n"] = 0.5 } })));
        Assert.Equal("TX5321", CodeOf(() => program["pad"].Compile(new() { Consts = { ["m"] = 1 } })));
        Assert.Equal("TX5321", CodeOf(() => program["pad"].Compile(new() { Types = { ["T"] = F32 } })));
        Assert.Equal("TX5321", CodeOf(() => program["pad"].Compile(new() { Ranks = { ["S"] = 1 } })));
        Assert.StartsWith("TX", CodeOf(() => program["softmax"].Compile(new() { Sizes = { ["M"] = 1, ["N"] = 0 } })), StringComparison.Ordinal);
        Assert.StartsWith("TX", CodeOf(() => matmul.Compile(new() { Sizes = { ["M"] = long.MaxValue, ["K"] = long.MaxValue, ["N"] = 2 } })), StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        Assert.StartsWith("TX", CodeOf(() => TxProgram.Load(Path.Combine(Path.GetTempPath(), "no such file.tx"))), StringComparison.Ordinal);
        Assert.Equal("TX5323", CodeOf(() => TxProgram.Parse(Text, new() { Target = CpuTarget.Host().With(["no-such-feature"]) })));
        using var imported = TxProgram.Load(folder.Write("a.tx", "import \"linear.tx\"\n"));
        Assert.True(imported.TryFind("matmul", out _));
        Assert.False(imported.TryFind("nothing", out _));
    }

    [Fact]
    public void A_check_that_fails_says_where()
    {
        using var program = Program();
        using var gather = program["gather"].Compile();
        float[,] e = new float[3, 2], r = new float[2, 2];
        gather.Invoke(e, new[] { 2, 0 }, r);
        var failed = Assert.Throws<DiagnosticException>(() => gather.Invoke(e, new[] { 0, 3 }, r));
        Assert.Contains("E[id[b], d]", failed.Rendered, StringComparison.Ordinal);
        var refused = Assert.Throws<DiagnosticException>(() => program["softmax"].Compile().Invoke(new float[2, 0], new float[2, 0]));
        Assert.Equal("TX1027", refused.Diagnostics[0].Code);
    }

    [Fact]
    public async Task Kernels_outlive_their_program_and_compile_asynchronously()
    {
        var program = Program();
        var kernel = await program["softmax"].CompileAsync(new());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => program["softmax"].CompileAsync(new(), cancelled.Token));
        program.Dispose();
        program.Dispose();
        Assert.Throws<ObjectDisposedException>(() => program["softmax"].Compile());
        // Sizes, and a variant for views, that it has not met before.
        float[,] x = { { 1, 1 }, { 0, 0 } }, y = new float[2, 2];
        kernel.Invoke(x, y);
        Assert.Equal([0.5f, 0.5f, 0.5f, 0.5f], y.Cast<float>());
        var wide = Tensor.Create<float>([1, 9, 1, 9], [2, 2]);
        var column = Tensor.CreateFromShape<float>([2, 1]);
        kernel.Invoke(wide[0..2, 0..1], column);
        Assert.Equal([1f, 1f], column);
        kernel.Dispose();
        kernel.Dispose();
        Assert.Contains("TX5310", Assert.Throws<ObjectDisposedException>(() => kernel.Invoke(x, y)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_ends_a_call()
    {
        using var program = TxProgram.Parse("op steps(X: f64[N]) -> Y: f64[N] { Y[n] = sqrt(X[n] + (Y[n - 1] ?? 0)) }");
        using var kernel = program["steps"].Compile(new() { Pool = WorkerPool.Shared });
        using var source = new CancellationTokenSource();
        double[] x = new double[1], y = new double[1];
        kernel.Invoke(x, y, source.Token);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => kernel.Invoke(x, y, source.Token));
    }

    [Fact]
    public unsafe void A_program_that_is_known_gives_what_it_gave()
    {
        // No run before has kept anything of this text.
        string text = $"const k = 3\n// {Guid.NewGuid():N}\nop f(A: f32[N]) -> B: f32[N - 1] require N >= 2 {{ B[i] = A[i] * k + A[i + 1] }}";
        for (int run = 0; run < 3; run++)
            foreach (double k in new[] { 0.5, 2 })
            {
                using var program = TxProgram.Parse(text, new() { Defines = { ["k"] = k } });
                using var kernel = program["f"].Compile();
                float[] y = new float[2];
                kernel.Invoke(new float[] { 4, 8, 16 }, y);
                Assert.Equal([(float)(4 * k + 8), (float)(8 * k + 16)], y);
                fixed (float* every = new float[] { 4, 0, 8, 0 }) kernel.Invoke(TensorArgument.At(every, shape: [2], strides: [2]), y.AsSpan(0, 1));
                Assert.Equal((float)(4 * k + 8), y[0]);
                Assert.Throws<DiagnosticException>(() => kernel.Invoke(new float[] { 4 }, Array.Empty<float>()));
                Assert.StartsWith("op f(A: f32[N])", program["f"].Signature, StringComparison.Ordinal);
            }
    }
}
