using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Schedules;

/// <summary>What a schedule may know of an operator: names, indices and types, and none of its expressions.</summary>
/// <param name="Operator">Its name.</param>
/// <param name="Stages">Everything that can be scheduled, in the order of evaluation.</param>
/// <param name="Tensors">Parameters, results and intermediate tensors.</param>
/// <param name="Dims">Dimensions; <c>when</c>, <c>knob</c> and conditions are over them.</param>
/// <param name="Consts">Values of the <c>const</c> parameters and of the file's <c>const</c>s.</param>
public sealed record OperatorInterface(
    string Operator, ImmutableArray<StageEntry> Stages, ImmutableArray<TensorEntry> Tensors, ImmutableArray<DimSymbol> Dims,
    ImmutableDictionary<string, Scalar> Consts)
{
    /// <summary>The calls whose stages are among <see cref="Stages"/>.</summary>
    public ImmutableArray<CallSite> Calls { get; init; } = [];
}

/// <summary>One nest of the plain program.</summary>
/// <param name="Name">Unique: <c>C</c>, <c>h.eq1</c>, <c>hist.update0</c>, <c>gate.sum</c>, <c>weights.peak</c>.</param>
/// <param name="Tensor">The tensor that it writes.</param>
/// <param name="Indices">Its loops' names, outermost first.</param>
/// <param name="Owner">For a reduction that stands inside an expression: the stage of the equation around it; its indices can be named through that.</param>
/// <param name="Span">The equation.</param>
public sealed record StageEntry(string Name, string Tensor, ElementType Type, ImmutableArray<IndexEntry> Indices, string? Owner, SourceSpan? Span);

/// <param name="Pack">The name of the pack that it came from (<c>..i</c>), also where that has one index only: then the pack's name is the loop's.</param>
public sealed record IndexEntry(string Name, bool IsReduction, bool IsCarried, string? Pack = null);

public sealed record TensorEntry(string Name, ElementType Type, int Rank, TensorRole Role, SourceSpan? Span);
