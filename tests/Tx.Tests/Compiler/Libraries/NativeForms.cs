using System.Diagnostics;
using System.Runtime.InteropServices;
using Tx.Core;
using Tx.Fuzz.CPrograms;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Libraries;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TxTensor
{
    public void* Data;
    public long* Shape;
    public long* Strides;
    public int Rank;
    public int Type;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TxStatus
{
    public int Code;
    public int Argument;
    public fixed byte Message[160];
}

/// <summary>What an entry point gave.</summary>
internal sealed record EntryResult(int Code, int Argument, string Message);

/// <summary>A library of the same operators in two forms, objects and C, loaded into this process.</summary>
public sealed unsafe class NativeForms : IDisposable
{
    internal const string Program = """
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op softmax(X: f32[M, N]) -> Y: f32[M, N] require N >= 1 {
            peak[i] = max(j: X[i, j])
            e[i, j] = exp(X[i, j] - peak[i])
            total[i] = sum(j: e[i, j])
            Y[i, j] = e[i, j] / total[i]
        }
        op window(A: f32[N], B: f32[N - 2]) -> C: f32[N - 2] require N >= 3 { C[i] = A[i] + A[i + 2] * B[i] }
        op unfold(A: i32[L], B: i32[M, N]) -> C: i32[M, N] require L == M * N { C[i, j] = A[i * N + j] + B[i, j] }
        op gather(E: f32[V, D], id: i32[B]) -> R: f32[B, D] { R[b, d] = E[id[b], d] }
        op bits(A: u1[M, N]) -> n: i32[M] { n[i] = sum(j: i32(A[i, j])) }
        op both(A: f32[N]) -> B: f32[N], C: f32[N] { B[i] = A[i] + 1; C[i] = A[i] * 2 }
        """;

    internal static readonly string[] Entries = ["--op", "matmul", "--op", "mm=matmul:m=33,k=17,n=20", "--op", "softmax", "--op", "window", "--op", "unfold", "--op", "gather", "--op", "bits", "--op", "both"];

    private readonly TemporaryFolder _folder = new();
    private readonly nint _shared, _c;

    public NativeForms()
    {
        string file = _folder.Write("forms.tx", Program);
        string objects = Path.Combine(_folder.Path, "objects"), text = Path.Combine(_folder.Path, "c");
        Succeed(CommandLine.Run(["build", file, "-o", objects, .. Entries]));
        Succeed(CommandLine.Run(["build", file, "-o", text, "--emit", "c,header", .. Entries]));
        _shared = NativeLibrary.Load(Path.Combine(objects, "libforms.so.1"));
        string compiled = Path.Combine(text, "libforms.so");
        Compile("-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fPIC", "-shared", "-o", compiled, Path.Combine(text, "forms.c"), "-lm");
        _c = NativeLibrary.Load(compiled);
    }

    internal string Objects => Path.Combine(_folder.Path, "objects");

    public void Dispose()
    {
        NativeLibrary.Free(_shared);
        NativeLibrary.Free(_c);
        _folder.Dispose();
    }

    private static void Succeed(CommandResult result) => Assert.True(result.ExitCode == 0, result.Error);

    /// <summary>Runs the compiler of C that there is; its words where it fails.</summary>
    internal static void Compile(params string[] arguments)
    {
        var start = new ProcessStartInfo(CToolchain.Host(isSanitized: false)[0].Compiler) { RedirectStandardError = true };
        foreach (string a in arguments) start.ArgumentList.Add(a);
        using var process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }

    internal nint Symbol(bool isC, string name) => NativeLibrary.GetExport(isC ? _c : _shared, "forms_" + name);
    internal bool Exports(bool isC, string name) => NativeLibrary.TryGetExport(isC ? _c : _shared, name, out _);

    internal long ArenaOf(bool isC, string entry, params TxTensor[] t)
    {
        nint f = Symbol(isC, entry + "_arena");
        fixed (TxTensor* p = t)
            return t.Length == 2 ? ((delegate* unmanaged<TxTensor*, TxTensor*, long>)f)(p, p + 1) : ((delegate* unmanaged<TxTensor*, TxTensor*, TxTensor*, long>)f)(p, p + 1, p + 2);
    }

    /// <summary>Calls with an arena of the bytes that the library asks for, between guard pages.</summary>
    internal EntryResult Call(bool isC, string entry, params TxTensor[] t)
    {
        long bytes = ArenaOf(isC, entry, t);
        if (bytes <= 0) return CallIn(isC, entry, null, 0, t);
        // Aligned at its start; its end is close to the page, since parts are multiples of 64.
        using var arena = new GuardedMemory(checked((int)((bytes + 63) / 64 * 64)));
        return CallIn(isC, entry, arena.Address, (nuint)bytes, t);
    }

    internal EntryResult CallIn(bool isC, string entry, void* arena, nuint bytes, params TxTensor[] t)
    {
        fixed (TxTensor* p = t)
            return t.Length == 2 ? CallAt(isC, entry, p, p + 1, null, false, arena, bytes) : CallAt(isC, entry, p, p + 1, p + 2, true, arena, bytes);
    }

    internal EntryResult CallAt(bool isC, string entry, TxTensor* a, TxTensor* b, TxTensor* c, bool hasThree, void* arena, nuint bytes)
    {
        using var guarded = new GuardedMemory(sizeof(TxStatus));
        var status = (TxStatus*)guarded.Address;
        nint f = Symbol(isC, entry);
        int code = hasThree ? ((delegate* unmanaged<TxTensor*, TxTensor*, TxTensor*, void*, nuint, TxStatus*, int>)f)(a, b, c, arena, bytes, status)
            : ((delegate* unmanaged<TxTensor*, TxTensor*, void*, nuint, TxStatus*, int>)f)(a, b, arena, bytes, status);
        Assert.Equal(code, status->Code);
        // Without a place for words the code is the same.
        int alone = hasThree ? ((delegate* unmanaged<TxTensor*, TxTensor*, TxTensor*, void*, nuint, TxStatus*, int>)f)(a, b, c, arena, bytes, null)
            : ((delegate* unmanaged<TxTensor*, TxTensor*, void*, nuint, TxStatus*, int>)f)(a, b, arena, bytes, null);
        Assert.Equal(code, alone);
        return new(code, status->Argument, Marshal.PtrToStringUTF8((nint)status->Message)!);
    }
}

/// <summary>Tensors in guarded memory, with shapes that live as long.</summary>
internal sealed unsafe class NativeTensors : IDisposable
{
    private readonly List<GuardedMemory> _blocks = [];

    public TxTensor Of<T>(ElementType type, long[] shape, ReadOnlySpan<T> values, bool atEnd = true) where T : unmanaged
    {
        var data = new GuardedMemory(Math.Max(1, values.Length * sizeof(T)), atEnd);
        values.CopyTo(data.As<T>());
        _blocks.Add(data);
        return new() { Data = data.Address, Shape = Numbers(shape), Rank = shape.Length, Type = (int)type };
    }

    public TxTensor Filled<T>(ElementType type, params long[] shape) where T : unmanaged => Of<T>(type, shape, new T[shape.Aggregate(1L, (a, b) => a * b)]);

    public long* Numbers(params long[] numbers)
    {
        var block = new GuardedMemory(8 * Math.Max(1, numbers.Length));
        numbers.CopyTo(block.As<long>());
        _blocks.Add(block);
        return (long*)block.Address;
    }

    public static Span<T> Read<T>(TxTensor t, int count) where T : unmanaged => new(t.Data, count);

    public void Dispose() => _blocks.ForEach(b => b.Dispose());
}
