using System.Numerics.Tensors;
using Tx.Core;
using Tx.Runtime;
using Tx.Tests.Support;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Runtime;

/// <summary>Libraries that <c>tx build</c> makes are loaded and called without the compiler.</summary>
public sealed class KernelLibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public KernelLibraryTests()
    {
        string file = _folder.Write("ops.tx", Text);
        _path = Path.Combine(_folder.Path, "out", "libops.so");
        var built = CommandLine.Run("build", file, "-o", Path.Combine(_folder.Path, "out"), "--op", "matmul", "--op", "small=matmul:M=2,K=3,N=2", "--op", "softmax", "--op", "gather", "--emit", "shared");
        Assert.True(built.ExitCode == 0, built.Error);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kernels_of_a_library_compute_what_compiled_ones_do()
    {
        using var library = KernelLibrary.Load(_path);
        Assert.Equal(["gather", "matmul", "small", "softmax"], library.Kernels.Select(k => k.Name["ops_".Length..]));
        foreach (var pool in new[] { null, WorkerPool.Shared, null })
        {
            library.RunOn(pool);
            foreach (var (m, k, n) in new[] { (1, 1, 1), (2, 3, 2), (33, 70, 129) })
            {
                float[] a = Numbers(m * k), b = Numbers(k * n, 2), c = new float[m * n];
                library["matmul"].Invoke(Tensor.Create(a, [m, k]), Tensor.Create(b, [k, n]), new TensorSpan<float>(c, [m, n]));
                AssertClose(Product(a, b, m, k, n), c);
                if ((m, k, n) != (2, 3, 2)) continue;
                Array.Clear(c);
                library["small"].Invoke(a, b.AsSpan(), c);
                AssertClose(Product(a, b, m, k, n), c);
            }
        }
        float[,] y = new float[1, 4];
        library["softmax"].Invoke(new float[1, 4], y);
        Assert.Equal([0.25f, 0.25f, 0.25f, 0.25f], y.Cast<float>());
    }

    [Fact]
    public void The_manual_calls_a_library()
    {
        var (path, a, b, c) = (_path, new float[,] { { 1, 2 } }, new float[,] { { 3 }, { 4 } }, new float[1, 1]);
        using var library = KernelLibrary.Load(path);
        library["matmul"].Invoke(a, b, c);
        Assert.Equal(11f, c[0, 0]);
    }

    [Fact]
    public void Wrong_calls_are_refused_and_write_nothing()
    {
        var library = KernelLibrary.Load(_path);
        var (matmul, small) = (library["matmul"], library["small"]);
        float[,] a = { { 1, 2, 3 }, { 4, 5, 6 } }, b = { { 1, 2 }, { 3, 4 }, { 5, 6 } }, c = { { 9, 9 }, { 9, 9 } };
        Assert.Equal("TX5020", CodeOf(() => matmul.Invoke(a, b)));
        Assert.Equal("TX5021", CodeOf(() => matmul.Invoke(new int[2, 3], b, c)));
        Assert.Equal("TX5303", CodeOf(() => matmul.Invoke(new float[6], b, c)));
        Assert.Equal("TX5022", CodeOf(() => matmul.Invoke(new float[2, 3, 1], b, c)));
        Assert.Equal("TX5302", CodeOf(() => matmul.Invoke(a, default, c)));
        Assert.Equal("TX5308", CodeOf(() => matmul.Invoke(a, b, new ReadOnlyTensorSpan<float>(new float[4], [2, 2]))));
        Assert.Equal("TX5333", CodeOf(() => matmul.Invoke(a, a, c)));
        Assert.Equal("TX5333", CodeOf(() => small.Invoke(a, b, a)));
        Assert.Equal("TX5333", CodeOf(() => matmul.Invoke(new TensorSpan<float>(new float[20], [2, 3], [5, 1]), b, c)));
        Assert.Equal("TX5022", CodeOf(() => small.Invoke(new float[5], b, c)));
        var failed = Assert.Throws<DiagnosticException>(() => library["gather"].Invoke(a, new[] { 0, 2 }, new float[2, 3]));
        Assert.Contains("2", failed.Message, StringComparison.Ordinal);
        Assert.Equal([9f, 9f, 9f, 9f], c.Cast<float>());
        Assert.Equal("TX5332", CodeOf(() => _ = library["nothing"]));
        matmul.Invoke(a, b, c);
        Assert.Equal([22f, 28f, 49f, 64f], c.Cast<float>());
        library.Dispose();
        library.Dispose();
        Assert.Throws<ObjectDisposedException>(() => matmul.Invoke(a, b, c));
        Assert.Throws<ObjectDisposedException>(() => library.RunOn(WorkerPool.Shared));
    }

    [Fact]
    public void What_is_no_library_is_refused()
    {
        Assert.Equal("TX5330", CodeOf(() => KernelLibrary.Load(Path.Combine(_folder.Path, "none.so"))));
        Assert.Equal("TX5330", CodeOf(() => KernelLibrary.Load(_folder.Write("text.so", "text"))));
        Assert.Equal("TX5331", CodeOf(() => KernelLibrary.Load(_path, "other")));
    }
}
