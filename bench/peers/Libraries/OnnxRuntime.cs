using System.Runtime.InteropServices;
using Tx.Bench.Peers.Measuring;
using Tx.Runtime;

namespace Tx.Bench.Peers.Libraries;

/// <summary>ONNX Runtime through <c>native/onnxruntime.cpp</c>.</summary>
internal static unsafe class OnnxRuntime
{
    public const string Package = "Microsoft.ML.OnnxRuntime";

    private static readonly Lazy<nint?> Handle = new(() => NativeLibraries.TryLoadBuilt("onnxruntime.so"));

    public static bool IsHere => Version is not null;

    public static string? Version => Handle.Value is null || Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("ort_version"))()) is not { } v ? null : $"ONNX Runtime {v}";

    /// <summary>One node as a model; null where the runtime refuses it.</summary>
    /// <param name="isConstant">The second operand is part of the model, so that the runtime may pack it before.</param>
    public static Contender? Node(Rows.Setup setup, int threads, string op, NativeTensor a, NativeTensor b, bool isConstant, NativeTensor y, params (string, long[])[] attributes)
    {
        byte[] model = OnnxModel.Of(op, a, b, isConstant, y, attributes);
        nint session;
        fixed (byte* bytes = model) session = ((delegate* unmanaged<byte*, nuint, int, nint>)Export("ort_open"))(bytes, (nuint)model.Length, threads);
        if (session == 0) return null;
        setup.Own(new Session(session));
        Bind(session, a, isOutput: false);
        if (!isConstant) Bind(session, b, isOutput: false);
        Bind(session, y, isOutput: true);
        var run = (delegate* unmanaged<nint, int>)Export("ort_run");
        return new(isConstant ? "ort-packed" : "ort", Side.Peer, () => { if (run(session) != 0) throw new InvalidOperationException($"onnxruntime: {op} failed"); });
    }

    private static void Bind(nint session, NativeTensor t, bool isOutput)
    {
        var bind = (delegate* unmanaged<nint, int, void*, nuint, int, int, long*, void>)Export("ort_tensor");
        fixed (long* shape = t.Shape.AsSpan()) bind(session, isOutput ? 1 : 0, t.Data, (nuint)t.Bytes, OnnxModel.TypeOf(t.Type), t.Rank, shape);
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Handle.Value!.Value, name);

    private sealed class Session(nint address) : IDisposable
    {
        public void Dispose() => ((delegate* unmanaged<nint, void>)Export("ort_free"))(address);
    }
}
