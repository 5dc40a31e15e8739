using System.Runtime.InteropServices;

namespace Tx.Bench.Peers.Libraries;

/// <summary>A library with the C interface of BLAS, told to use one kind of processor.</summary>
internal sealed unsafe class Cblas
{
    private const int RowMajor = 101, Plain = 111, Transposed = 112;
    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _gemm;
    private readonly delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _gemv;
    private readonly nint _handle;

    public Cblas(string name, nint handle)
    {
        (Name, _handle) = (name, handle);
        _gemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(handle, "cblas_sgemm");
        _gemv = (delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(handle, "cblas_sgemv");
    }

    public string Name { get; }

    /// <summary>C = A·B, row-major; a transposed operand is stored with its dimensions exchanged.</summary>
    public void Gemm(int m, int n, int k, bool ta, bool tb, float* a, float* b, float* c) =>
        _gemm(RowMajor, ta ? Transposed : Plain, tb ? Transposed : Plain, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);

    /// <summary>The same with one row in A.</summary>
    public void Gemv(int n, int k, bool tb, float* a, float* b, float* c) =>
        _gemv(RowMajor, tb ? Plain : Transposed, tb ? n : k, tb ? k : n, 1, b, tb ? k : n, a, 1, 0, c, 1);

    /// <summary>B = Aᵀ, by an extension that not all have.</summary>
    public Action? Transpose(int rows, int columns, float* a, float* b)
    {
        if (!NativeLibrary.TryGetExport(_handle, "cblas_somatcopy", out nint address)) return null;
        var copy = (delegate* unmanaged<int, int, nint, nint, float, float*, nint, float*, nint, void>)address;
        return () => copy(RowMajor, Transposed, rows, columns, 1, a, columns, b, rows);
    }

    // BLIS reads what it was told at the first call.
    internal static void Start(nint handle)
    {
        float* some = stackalloc float[8];
        new Span<float>(some, 8).Clear();
        new Cblas("", handle).Gemm(2, 2, 2, false, false, some, some, some + 4);
    }
}
