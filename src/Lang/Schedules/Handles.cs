using Tx.Core;

namespace Tx.Lang.Schedules;

/// <summary>A loop as a schedule names it. It follows its loop into whatever stage that moves; when the loop is split or fused it is gone.
/// Reference identity.</summary>
/// <param name="name">For people: <c>io</c>, <c>C.k</c>.</param>
/// <param name="span">Where the name was bound or first used.</param>
/// <param name="generation">See <see cref="Generation"/>.</param>
public sealed class LoopHandle(string name, SourceSpan? span, StageHandle? stage = null, string? index = null, int generation = 0)
{
    /// <summary>A loop that a strategy made takes the name that the schedule binds its result to.</summary>
    public string Name { get; internal set; } = name;
    public SourceSpan? Span { get; } = span;
    /// <summary>The stage whose index this loop runs over, where the handle was written as <c>stage.index</c>; null for a bound name.</summary>
    public StageHandle? Stage { get; } = stage;
    /// <summary>The index of <see cref="Stage"/>.</summary>
    public string? Index { get; } = index;
    /// <summary>How many <c>cache_write</c>s of <see cref="Stage"/> stood before the place where <c>stage.index</c> was first written. A handle
    /// stays on the nest that it was taken of, even where no step before the <c>cache_write</c> used it: generation 0 is the nest that computes,
    /// generation n the copy that the n-th <c>cache_write</c> made. A copy has no loops of a reduction, so a handle of such an index is of
    /// generation 0 wherever it is written.</summary>
    public int Generation { get; } = generation;
    public override string ToString() => Name;
}

/// <summary>A stage as a schedule names it: an equation of the operator, a reduction inside one, a parameter, or what a directive made. Reference identity.</summary>
/// <param name="name">The name that it has in the operator, or that the schedule bound.</param>
/// <param name="entry">What the operator says of it; null for what a directive made, and where <paramref name="tensor"/> is set.</param>
/// <param name="tensor">Set where a whole tensor is meant that is no stage by itself: a parameter, or one with several equations.</param>
public sealed class StageHandle(string name, StageEntry? entry, SourceSpan? span = null, TensorEntry? tensor = null)
{
    /// <summary>A stage that a strategy made takes the name that the schedule binds its result to.</summary>
    public string Name { get; internal set; } = name;
    public StageEntry? Entry { get; } = entry;
    public TensorEntry? Tensor { get; } = tensor;
    /// <summary>A directive made it: the operator does not know it.</summary>
    public bool IsMade => Entry is null && Tensor is null;
    public SourceSpan? Span { get; } = span;
    public override string ToString() => Name;
}
