using System.Runtime.InteropServices;

namespace Tx.Bench.Peers.Libraries;

/// <summary>BLIS, once for each kind of processor that this one can pass for.</summary>
internal static unsafe class Blis
{
    public const string Package = "libblis4-openmp";

    // Numbers of architectures in BLIS 0.9.
    private const string SkylakeX = "0", Haswell = "3";

    private static readonly Lazy<Cblas[]> Loaded = new(() =>
    {
        if (Path is not { } path) return [];
        (string Name, string? Kind)[] kinds = Processor.HasAvx512 ? [("blis", null), ("blis-skx", SkylakeX), ("blis-haswell", Haswell)] : [("blis", null), ("blis-haswell", Haswell)];
        return [.. kinds.Select(k => new Cblas(k.Name, NativeLibraries.LoadCopy(path, k.Name, k.Kind is null ? null : "BLIS_ARCH_TYPE", k.Kind, Cblas.Start)))];
    });

    /// <summary>Empty: the library is not here.</summary>
    public static IReadOnlyList<Cblas> All => Loaded.Value;

    public static string? Version
    {
        get
        {
            if (Path is null) return null;
            var version = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(NativeLibrary.Load(Path), "bli_info_get_version_str");
            return $"BLIS {Marshal.PtrToStringUTF8((nint)version())}";
        }
    }

    private static string? Path => NativeLibraries.Find("blis-openmp/libblis.so.4", "blis-pthread/libblis.so.4", "blis-serial/libblis.so.4");
}
