using System.Runtime.InteropServices;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Libraries;

/// <summary>Plain C loops, <c>native/kernels.c</c>, compiled by clang.</summary>
internal static unsafe class ClangKernels
{
    public const string Package = "clang-19";

    private static readonly Lazy<nint?> Handle = new(() => NativeLibraries.TryLoadBuilt("kernels.so"));

    public static bool IsHere => Handle.Value is not null;

    /// <summary>A kernel with one extent.</summary>
    public static Contender Square(string name, int n, void* a, void* b)
    {
        var run = (delegate* unmanaged<int, void*, void*, void>)Export(name);
        return new("c-clang", Side.Peer, () => run(n, a, b));
    }

    /// <summary>A kernel with rows and columns, and one to three inputs before its result.</summary>
    public static Contender Plane(string name, int rows, int columns, params nint[] tensors)
    {
        nint address = Export(name);
        var (a, b, c, d) = (tensors[0], tensors[1], tensors.ElementAtOrDefault(2), tensors.ElementAtOrDefault(3));
        Action run = tensors.Length switch
        {
            2 => () => ((delegate* unmanaged<int, int, nint, nint, void>)address)(rows, columns, a, b),
            3 => () => ((delegate* unmanaged<int, int, nint, nint, nint, void>)address)(rows, columns, a, b, c),
            _ => () => ((delegate* unmanaged<int, int, nint, nint, nint, nint, void>)address)(rows, columns, a, b, c, d),
        };
        return new("c-clang", Side.Peer, run);
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Handle.Value!.Value, "c_" + name);
}
