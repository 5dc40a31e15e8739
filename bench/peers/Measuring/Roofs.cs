using System.Runtime.InteropServices;
using Tx.Bench.Peers.Libraries;

namespace Tx.Bench.Peers.Measuring;

/// <summary>What the machine itself reaches, as contenders among the others: peaks of the same minutes.</summary>
internal static unsafe class Roofs
{
    private static readonly Lazy<nint> Handle = new(() => NativeLibraries.TryLoadBuilt("roofs.so") ?? throw new InvalidOperationException("roofs.so is missing; start bench/peers/run"));

    /// <summary>Fused multiply-adds of single precision.</summary>
    public static Contender MultiplyAdd() => Peak("fma");

    /// <summary>Products of bytes, added in 32 bits: by the instruction made for it, or by the three that do it without.</summary>
    public static Contender Bytes() => Peak("bytes");

    private static Contender Peak(string name)
    {
        var run = (delegate* unmanaged<void>)Export($"roof_{name}");
        return new("peak", Side.Roof, () => run()) { Work = ((delegate* unmanaged<double>)Export($"roof_{name}_flop"))() };
    }

    /// <summary>Copies as many bytes as a row moves, half of them read and half written.</summary>
    public static IEnumerable<Contender> Copies(Runtime.NativeTensor from, Runtime.NativeTensor to)
    {
        var plain = (delegate* unmanaged<float*, float*, nuint, void>)Export("roof_copy");
        var stream = (delegate* unmanaged<float*, float*, nuint, void>)Export("roof_stream");
        float* source = (float*)from.Data, target = (float*)to.Data;
        nuint n = (nuint)from.Count;
        return [new("copy", Side.Roof, () => plain(target, source, n)), new("copy-stream", Side.Roof, () => stream(target, source, n))];
    }

    /// <summary>Reads as many bytes as a row that writes next to nothing.</summary>
    public static Contender Read(Runtime.NativeTensor from)
    {
        var read = (delegate* unmanaged<float*, nuint, void>)Export("roof_read");
        float* source = (float*)from.Data;
        nuint n = (nuint)from.Count;
        return new("read", Side.Roof, () => read(source, n));
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Handle.Value, name);
}
