using System.Runtime.InteropServices;

namespace Tx.Bench.Peers.Libraries;

/// <summary>OpenBLAS, once for each kind of processor that this one can pass for.</summary>
internal static unsafe class OpenBlas
{
    public const string Package = "libopenblas0-pthread";

    private static readonly Lazy<Cblas[]> Loaded = new(() =>
    {
        if (NativeLibraries.Find("openblas-pthread/libopenblas.so.0") is not { } path) return [];
        string?[] kinds = Processor.HasAvx512 ? [null, "SKYLAKEX", "ZEN", "HASWELL"] : [null, "ZEN", "HASWELL"];
        return [.. kinds.Select(kind => Load(path, kind))];
    });

    /// <summary>Empty: the library is not here.</summary>
    public static IReadOnlyList<Cblas> All => Loaded.Value;

    public static string? Version => All.Count == 0 ? null : Describe(NativeLibraries.Find("openblas-pthread/libopenblas.so.0")!);

    private static Cblas Load(string path, string? kind)
    {
        string name = kind is null ? "openblas" : $"openblas-{kind.ToLowerInvariant()}";
        return new(name, NativeLibraries.LoadCopy(path, name, kind is null ? null : "OPENBLAS_CORETYPE", kind, Cblas.Start));
    }

    private static string Describe(string path)
    {
        var config = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(NativeLibrary.Load(path), "openblas_get_config");
        return Marshal.PtrToStringUTF8((nint)config()) ?? "OpenBLAS";
    }
}
