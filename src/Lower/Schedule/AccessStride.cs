using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>How an access moves through memory when one variable advances by one.</summary>
internal enum AccessStride
{
    /// <summary>Not at all.</summary>
    Invariant,
    /// <summary>To the next element.</summary>
    Contiguous,
    /// <summary>Further, or not by a constant step.</summary>
    Strided,
}

internal static class AccessStrides
{
    /// <summary>For a row-major buffer.</summary>
    public static AccessStride Of(ImmutableArray<Expr> indices, Var variable)
    {
        for (int d = 0; d < indices.Length - 1; d++)
            if (indices[d].UsesVar(variable)) return AccessStride.Strided;
        if (indices.IsEmpty || !indices[^1].UsesVar(variable)) return AccessStride.Invariant;
        return Coefficient(indices[^1], variable) == 1 ? AccessStride.Contiguous : AccessStride.Strided;
    }

    /// <summary>c where <paramref name="e"/> is c · variable + something without it; null where it is not of that form.</summary>
    public static long? Coefficient(Expr e, Var variable) => e switch
    {
        Var v => ReferenceEquals(v, variable) ? 1 : 0,
        IntImm => 0,
        Binary { Op: BinaryOp.Add } b => Coefficient(b.Left, variable) + Coefficient(b.Right, variable),
        Binary { Op: BinaryOp.Sub } b => Coefficient(b.Left, variable) - Coefficient(b.Right, variable),
        Binary { Op: BinaryOp.Mul, Right: IntImm c } b when Math.Abs(c.Value) < 1 << 20 => Coefficient(b.Left, variable) * c.Value,
        Binary { Op: BinaryOp.Mul, Left: IntImm c } b when Math.Abs(c.Value) < 1 << 20 => Coefficient(b.Right, variable) * c.Value,
        _ => e.UsesVar(variable) ? null : 0,
    };
}
