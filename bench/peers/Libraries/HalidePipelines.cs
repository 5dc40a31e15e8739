using System.Runtime.InteropServices;
using Tx.Bench.Peers.Measuring;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Libraries;

/// <summary>Pipelines that <c>native/halide_pipelines.cpp</c> compiled for their sizes.</summary>
internal static unsafe class HalidePipelines
{
    public const string Package = "libhalide14-0-dev";

    private static readonly Lazy<nint?> Handle = new(() => NativeLibraries.TryLoadBuilt("halide.so"));

    public static bool IsHere => Handle.Value is not null;

    /// <param name="tensors">Inputs, then the result.</param>
    public static Contender? Of(Rows.Setup setup, string name, params NativeTensor[] tensors)
    {
        if (!NativeLibrary.TryGetExport(Handle.Value!.Value, "halide_" + name, out nint pipeline)) return null;
        nint call = ((delegate* unmanaged<nint, int, nint>)Export("halide_prepare"))(pipeline, tensors.Length);
        if (call == 0) return null;
        setup.Own(new Call(call));
        var describe = (delegate* unmanaged<nint, int, void*, int, int, int, long*, void>)Export("halide_buffer");
        for (int i = 0; i < tensors.Length; i++)
        {
            var t = tensors[i];
            int code = t.Type is ElementType.F32 or ElementType.F64 ? 2 : t.Type.IsSigned ? 0 : 1;
            fixed (long* shape = t.Shape.AsSpan()) describe(call, i, t.Data, code, t.Type.Bits, t.Rank, shape);
        }
        var run = (delegate* unmanaged<nint, int>)Export("halide_run");
        return new("halide", Side.Peer, () => { if (run(call) != 0) throw new InvalidOperationException($"halide: {name} failed"); });
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Handle.Value!.Value, name);

    private sealed class Call(nint address) : IDisposable
    {
        public void Dispose() => ((delegate* unmanaged<nint, void>)Export("halide_free_call"))(address);
    }
}
