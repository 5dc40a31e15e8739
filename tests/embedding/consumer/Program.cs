using System.Numerics.Tensors;
using Tx;
using Tx.Core;
using Tx.Runtime;

try
{
    // With the path of a library that `tx build` made: its kernels, and nothing is compiled.
    if (args is [var path])
    {
        using var library = KernelLibrary.Load(path);
        float[,] x = { { 1, 2 }, { 3, 4 } }, y = { { 5, 6 }, { 7, 8 } }, z = new float[2, 2];
        library["matmul"].Invoke(x, y, z);
        Console.WriteLine($"library: {string.Join(' ', z.Cast<float>())}");
        return 0;
    }

    using var program = TxProgram.Parse("""
        import "norm.tx"
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        """);
    using var matmul = program["matmul"].Compile();

    float[,] a = { { 1, 2 }, { 3, 4 } }, b = { { 5, 6 }, { 7, 8 } }, c = new float[2, 2];
    matmul.Invoke(a, b, c);
    Console.WriteLine($"arrays: {string.Join(' ', c.Cast<float>())}");

    using var known = program["matmul"].Compile(new() { Sizes = { ["M"] = 2, ["K"] = 2, ["N"] = 2 } });
    Span<float> product = stackalloc float[4];
    known.Invoke((ReadOnlySpan<float>)[1, 2, 3, 4], (ReadOnlySpan<float>)[5, 6, 7, 8], product);
    Console.WriteLine($"spans: {string.Join(' ', product.ToArray())}");

    Tensor<float> wide = Tensor.Create<float>([9, 1, 2, 9, 9, 3, 4, 9], [2, 4]), d = Tensor.CreateFromShape<float>([2, 2]);
    matmul.Invoke(wide[0..2, 1..3], b, d);
    Console.WriteLine($"strided: {string.Join(' ', d)}");

    using var softmax = program["softmax"].Compile();
    Tensor<float> rows = Tensor.CreateFromShape<float>([1, 2]);
    softmax.Invoke(new float[1, 2], rows);
    Console.WriteLine($"library: {string.Join(' ', rows)}");
    return 0;
}
catch (DiagnosticException e)
{
    Console.Write(e.Rendered);
    return 1;
}
