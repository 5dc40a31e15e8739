using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>An entry point of a <see cref="KernelLibrary"/>. Safe for several threads at one time; usable until the library is disposed. Tensors are contiguous and row-major; spans and
/// pointers take the place of tensors of several dimensions where the sizes are fixed. A call that has begun is not cancelled.</summary>
public sealed unsafe class LibraryKernel : CallableKernel
{
    // No call of `CallableKernel` has more arguments.
    private const int MessageBytes = 160, MaxArguments = 8;

    private readonly LibraryEntry _entry;
    private readonly LibraryHandle _library;
    private readonly nint _call, _arena;

    internal LibraryKernel(LibraryEntry entry, LibraryHandle library)
    {
        (_entry, _library, _call, _arena) = (entry, library, library.Find(entry.Symbol), library.Find(entry.ArenaSymbol));
        if (_call == 0 || _arena == 0) throw new FormatException($"it has no `{(_call == 0 ? entry.Symbol : entry.ArenaSymbol)}`");
    }

    /// <summary>The symbol.</summary>
    public string Name => _entry.Symbol;

    /// <summary>The operator that it was made of.</summary>
    public string Operator => _entry.Operator;

    /// <summary>Inputs, then outputs.</summary>
    public ImmutableArray<KernelParameter> Parameters => _entry.Parameters;

    [SkipLocalsInit]
    private protected override void Call(ArgumentView* arguments, int count, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (count != Parameters.Length) throw new DiagnosticException(RuntimeDiagnostics.ArgumentCount, null, Name, Parameters.Length, count);
        var tensors = stackalloc Tensor[MaxArguments];
        var extents = stackalloc long[MaxArguments * ArgumentView.MaxRank];
        for (int i = 0; i < count; i++) tensors[i] = Pass(i, ref arguments[i], extents + i * ArgumentView.MaxRank);

        bool held = false;
        NativeBlock? arena = null;
        try
        {
            _library.DangerousAddRef(ref held);
            // Sizes that are refused are said by the call itself.
            long bytes = Math.Max(0, ArenaBytes(tensors, count));
            if (bytes > 0) arena = NativeBlock.TryAllocate(bytes) ?? throw new DiagnosticException(RuntimeDiagnostics.WorkspaceMemory, null, Name, TensorType.FormatBytes(bytes));
            Status status;
            int code = Enter(tensors, count, arena is null ? null : (void*)arena.Address, (nuint)bytes, &status);
            if (code != 0)
                throw new DiagnosticException(LibraryDiagnostics.Refused, null, Name, code, Marshal.PtrToStringUTF8((nint)status.Message, Math.Max(0, new ReadOnlySpan<byte>(status.Message, MessageBytes).IndexOf((byte)0))));
        }
        finally
        {
            arena?.Dispose();
            if (held) _library.DangerousRelease();
        }
    }

    /// <summary>An argument as the library takes it, which checks the rest.</summary>
    private Tensor Pass(int i, ref ArgumentView a, long* extents)
    {
        var p = Parameters[i];
        if (a.Form is ArgumentForm.Missing) throw new DiagnosticException(CallDiagnostics.Missing, null, Name, p.Name);
        bool isHeld = (p.Type is ElementType.BF16 && a.Type is ElementType.U16) || (p.Type.IsPacked && a.Type is ElementType.U8 && a.Form is ArgumentForm.Flat);
        if (a.Type != p.Type && !isHeld) throw new DiagnosticException(RuntimeDiagnostics.ArgumentType, null, Name, p.Name, p.Type.Name, a.Type.Name);
        if (p.IsOutput && a.IsReadOnly) throw new DiagnosticException(CallDiagnostics.ReadOnlyOutput, null, Name, p.Name);
        var tensor = new Tensor { Data = a.Data, Shape = a.Shape, Strides = a.Strides, Rank = a.Rank, Type = (int)p.Type };
        if (a.Form is ArgumentForm.Shaped)
        {
            if (a.Rank != p.Shape.Length) throw WrongShape(p, a);
            if (a.Strides is not null) Settle(a);
            return tensor;
        }
        tensor.Shape = extents;
        tensor.Rank = p.Shape.Length;
        bool isFixed = p.Shape.All(n => n is not null);
        if (!isFixed && !(p.Shape.Length == 1 && a.Count >= 0 && !p.Type.IsPacked)) throw new DiagnosticException(CallDiagnostics.NoShape, null, Name, p.Name, a.Describe());
        for (int d = 0; d < p.Shape.Length; d++) extents[d] = p.Shape[d] ?? a.Count;
        var shape = new ReadOnlySpan<long>(extents, p.Shape.Length);
        long needed = p.Type.IsPacked ? TensorType.CountBytes(p.Type, shape) : TensorType.CountElements(p.Type, shape);
        return a.Count < 0 || a.Count == needed ? tensor : throw WrongShape(p, a);
    }

    // The stride of a dimension of one element is never used, and in a tensor without elements none is.
    private static void Settle(in ArgumentView a)
    {
        bool isEmpty = new ReadOnlySpan<long>(a.Shape, a.Rank).Contains(0);
        long usual = 1;
        for (int d = a.Rank - 1; d >= 0; d--)
        {
            if (isEmpty || a.Shape[d] == 1) a.Strides[d] = usual;
            usual = unchecked(usual * Math.Max(1, a.Shape[d]));
        }
    }

    private DiagnosticException WrongShape(KernelParameter p, in ArgumentView a) =>
        new(RuntimeDiagnostics.ArgumentShape, null, Name, p.Name, $"{p.Type.Name}[{string.Join(", ", p.Shape.Select(n => n?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "_"))}]", a.Describe());

    private long ArenaBytes(Tensor* t, int count) => count switch
    {
        0 => ((delegate* unmanaged<long>)_arena)(),
        1 => ((delegate* unmanaged<void*, long>)_arena)(t),
        2 => ((delegate* unmanaged<void*, void*, long>)_arena)(t, t + 1),
        3 => ((delegate* unmanaged<void*, void*, void*, long>)_arena)(t, t + 1, t + 2),
        4 => ((delegate* unmanaged<void*, void*, void*, void*, long>)_arena)(t, t + 1, t + 2, t + 3),
        5 => ((delegate* unmanaged<void*, void*, void*, void*, void*, long>)_arena)(t, t + 1, t + 2, t + 3, t + 4),
        6 => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, long>)_arena)(t, t + 1, t + 2, t + 3, t + 4, t + 5),
        7 => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, void*, long>)_arena)(t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6),
        _ => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, void*, void*, long>)_arena)(t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7),
    };

    private int Enter(Tensor* t, int count, void* arena, nuint bytes, Status* status) => count switch
    {
        0 => ((delegate* unmanaged<void*, nuint, void*, int>)_call)(arena, bytes, status),
        1 => ((delegate* unmanaged<void*, void*, nuint, void*, int>)_call)(t, arena, bytes, status),
        2 => ((delegate* unmanaged<void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, arena, bytes, status),
        3 => ((delegate* unmanaged<void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, arena, bytes, status),
        4 => ((delegate* unmanaged<void*, void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, t + 3, arena, bytes, status),
        5 => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, t + 3, t + 4, arena, bytes, status),
        6 => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, t + 3, t + 4, t + 5, arena, bytes, status),
        7 => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, arena, bytes, status),
        _ => ((delegate* unmanaged<void*, void*, void*, void*, void*, void*, void*, void*, void*, nuint, void*, int>)_call)(t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7, arena, bytes, status),
    };

    /// <summary>The C library's <c>tx_tensor</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Tensor
    {
        public void* Data;
        public long* Shape;
        public long* Strides;
        public int Rank;
        public int Type;
    }

    /// <summary>The C library's <c>tx_status</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Status
    {
        public int Code;
        public int Argument;
        public fixed byte Message[MessageBytes];
    }
}
