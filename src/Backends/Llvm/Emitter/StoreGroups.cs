using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>
/// Stores that follow each other and between them fill neighbouring elements: lane <c>l</c> of store <c>k</c> of <c>n</c> goes to element <c>base + l · n + k</c>. A layout with a short last dimension
/// is filled so, and one store of interleaved lanes does it.
/// </summary>
internal static class StoreGroups
{
    private const int MaxBytes = 256;

    /// <summary>The group that starts with a statement; empty where none does.</summary>
    public static ImmutableArray<Store> At(ImmutableArray<Stmt> statements, int first)
    {
        if (statements[first] is not Store s || RampOf(s) is not { Stride: IntImm { Value: > 1 and <= 8 and var count } } ramp) return [];
        if (first + count > statements.Length || count * ramp.Type.Lanes * s.Buffer.Type.Bytes > MaxBytes || LinearForm.Of(ramp.Base) is not { } start) return [];
        var group = ImmutableArray.CreateBuilder<Store>((int)count);
        for (int k = 0; k < count; k++)
        {
            // Nothing that is stored here is read here.
            if (statements[first + k] is not Store next || !ReferenceEquals(next.Buffer, s.Buffer) || next.Value.BuffersRead().Contains(s.Buffer)) return [];
            if (RampOf(next) is not { Stride: IntImm stride } own || stride.Value != count || own.Type.Lanes != ramp.Type.Lanes) return [];
            if (LinearForm.Of(own.Base)?.Minus(start) is not { IsConstant: true } apart || apart.Constant != k) return [];
            group.Add(next);
        }
        return group.MoveToImmutable();
    }

    private static Ramp? RampOf(Store s) => s is { NonTemporal: false, Predicate: null or { IsTrue: true }, Indices: [Ramp ramp] } ? ramp : null;
}
