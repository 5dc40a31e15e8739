using System.Globalization;
using System.Runtime.InteropServices;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Libraries;

internal enum ConvAlgorithm { Direct, Winograd, Auto }

/// <summary>oneDNN through <c>native/onednn.cpp</c>.</summary>
internal static unsafe class OneDnn
{
    public const string Package = "libdnnl-dev";

    private static readonly Lazy<nint?> Handle = new(() => NativeLibraries.TryLoadBuilt("onednn.so"));

    public static bool IsHere => Handle.Value is not null;

    public static string? Version
    {
        get
        {
            if (!IsHere) return null;
            int* v = stackalloc int[3];
            ((delegate* unmanaged<int*, void>)Export("onednn_version"))(v);
            return string.Create(CultureInfo.InvariantCulture, $"oneDNN {v[0]}.{v[1]}.{v[2]}");
        }
    }

    public static Contender Sgemm(int m, int n, int k, bool ta, bool tb, float* a, float* b, float* c)
    {
        var run = (delegate* unmanaged<int, int, int, int, int, float*, float*, float*, void>)Export("onednn_sgemm");
        return new("onednn-sgemm", Side.Peer, () => run(m, n, k, ta ? 1 : 0, tb ? 1 : 0, a, b, c));
    }

    public static Contender? Matmul(Rows.Setup setup, int m, int n, int k, bool ta, bool tb, bool isPacked, float* a, float* b, float* c)
    {
        var make = (delegate* unmanaged<int, int, int, int, int, int, float*, float*, float*, nint>)Export("onednn_matmul");
        return Of(setup, isPacked ? "onednn-packed" : "onednn", make(m, n, k, ta ? 1 : 0, tb ? 1 : 0, isPacked ? 1 : 0, a, b, c));
    }

    public static Contender? Softmax(Rows.Setup setup, int rows, int columns, float* a, float* b) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, int, float*, float*, nint>)Export("onednn_softmax"))(rows, columns, a, b));

    public static Contender? LayerNorm(Rows.Setup setup, int rows, int columns, float* a, float* gamma, float* beta, float* b) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, int, float*, float*, float*, float*, nint>)Export("onednn_layer_norm"))(rows, columns, a, gamma, beta, b));

    public static Contender? BiasGelu(Rows.Setup setup, int rows, int columns, float* a, float* bias, float* b) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, int, float*, float*, float*, nint>)Export("onednn_bias_gelu"))(rows, columns, a, bias, b));

    public static Contender? Transpose(Rows.Setup setup, int n, float* a, float* b) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, float*, float*, nint>)Export("onednn_transpose"))(n, a, b));

    /// <param name="along">1: the sums of rows; 0: those of columns.</param>
    public static Contender? Sums(Rows.Setup setup, int n, int along, float* a, float* b) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, int, float*, float*, nint>)Export("onednn_sums"))(n, along, a, b));

    /// <summary>With images in the layout that the primitive likes best, or as they are.</summary>
    public static Contender? Conv(Rows.Setup setup, string name, in Families.ConvShape s, ConvAlgorithm algorithm, bool isPlain, void* x, void* f, void* y) =>
        Of(setup, name, ((delegate* unmanaged<int, int, int, int, int, int, int, int, void*, void*, void*, nint>)Export("onednn_conv"))
            (s.Channels, s.Size, s.Results, s.Window, s.Stride, s.Pad, (int)algorithm, isPlain ? 1 : 0, x, f, y));

    public static Contender? ConvInt8(Rows.Setup setup, in Families.ConvShape s, void* x, void* f, void* y) =>
        Of(setup, "onednn", ((delegate* unmanaged<int, int, int, int, int, int, void*, void*, void*, nint>)Export("onednn_conv_int8"))
            (s.Channels, s.Size, s.Results, s.Window, s.Stride, s.Pad, x, f, y));

    public static Contender? MatmulInt8(Rows.Setup setup, int m, int n, int k, bool isPacked, void* a, void* b, void* c) =>
        Of(setup, isPacked ? "onednn-packed" : "onednn", ((delegate* unmanaged<int, int, int, int, void*, void*, void*, nint>)Export("onednn_matmul_int8"))(m, n, k, isPacked ? 1 : 0, a, b, c));

    /// <summary>A contender from a primitive; null where oneDNN has none.</summary>
    internal static Contender? Of(Rows.Setup setup, string name, nint primitive)
    {
        if (primitive == 0) return null;
        setup.Own(new Primitive(primitive));
        var run = (delegate* unmanaged<nint, void>)Export("onednn_run");
        var publish = (delegate* unmanaged<nint, void>)Export("onednn_publish");
        return new(name, Side.Peer, () => run(primitive)) { Publish = () => publish(primitive) };
    }

    internal static nint Export(string name) => NativeLibrary.GetExport(Handle.Value!.Value, name);

    private sealed class Primitive(nint address) : IDisposable
    {
        public void Dispose() => ((delegate* unmanaged<nint, void>)Export("onednn_free"))(address);
    }
}
