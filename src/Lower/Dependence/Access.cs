using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>One read or write of a buffer below a root statement, at all points of the loops around it.</summary>
public sealed record Access
{
    public required Buffer Buffer { get; init; }
    /// <summary>Over the loops' variables, those further out and <see cref="Free"/>; iteration variables and lets have their values in place. One lane each.</summary>
    public required ImmutableArray<Expr> Indices { get; init; }
    public required bool IsWrite { get; init; }
    /// <summary>The operator of <c>C[e] = C[e] op value</c> where such updates may be done in any order; set on the write and on the read of <c>C[e]</c>.
    /// <see cref="BinaryOp.Sub"/> counts as <see cref="BinaryOp.Add"/>.</summary>
    public BinaryOp? Accumulation { get; init; }
    /// <summary>Belongs to the start of a reduction: <see cref="Ir.Instance.Init"/>.</summary>
    public bool IsInit { get; init; }
    /// <summary>From the root (itself included) inwards.</summary>
    public required ImmutableArray<For> Loops { get; init; }
    /// <summary>Conditions under which the access happens, beside the loops' ranges; over the same variables as <see cref="Indices"/>.</summary>
    public required ImmutableArray<Expr> Guards { get; init; }
    /// <summary>Variables that may have any value that the guards allow: a lane, an element of a copy.</summary>
    public ImmutableArray<Var> Free { get; init; } = [];
    public Instance? Instance { get; init; }
    /// <summary>Variables of the loops that the instance's reductions run over: its start stands before the outermost of them.</summary>
    public ImmutableArray<Var> ReductionLoops { get; init; } = [];
    /// <summary>The indices over the instance's iteration variables, as written; the same as <see cref="Indices"/> outside of instances.</summary>
    public required ImmutableArray<Expr> PointIndices { get; init; }
    /// <summary>The value of each iteration variable of <see cref="Instance"/>, in their order, over the same variables as <see cref="Indices"/>.</summary>
    public ImmutableArray<Expr> Bindings { get; init; } = [];
    /// <summary>The place in the text: at one point of the loops that two accesses share, the one with the smaller number comes first.</summary>
    public required int Order { get; init; }
    /// <summary>The buffer is allocated below the root: every iteration around the allocation has its own.</summary>
    public bool IsPrivate { get; init; }
    /// <summary>The loops (of <see cref="Loops"/>) around the allocation of a private buffer.</summary>
    public int OwnerDepth { get; init; }

    public bool IsAccumulation => Accumulation is not null;
    public Origin? Origin => Instance?.Origin;
    public override string ToString() => $"{(IsWrite ? IsAccumulation ? "update of" : "write of" : "read of")} {Buffer.Name}[{string.Join(", ", Indices)}]{(Instance is null ? "" : $" in {Instance.Name}{(IsInit ? "'s start" : "")}")}";
}
