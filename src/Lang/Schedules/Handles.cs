using Tx.Core;

namespace Tx.Lang.Schedules;

/// <summary>A loop as a schedule names it. It follows its loop into whatever stage that moves; when the loop is split or fused it is gone.
/// Reference identity.</summary>
/// <param name="name">For people: <c>io</c>, <c>C.k</c>.</param>
/// <param name="span">Where the name was bound or first used.</param>
public sealed class LoopHandle(string name, SourceSpan? span, StageHandle? stage = null, string? index = null)
{
    public string Name { get; } = name;
    public SourceSpan? Span { get; } = span;
    /// <summary>The stage whose index this loop runs over, where the handle was written as <c>stage.index</c>; null for a bound name.</summary>
    public StageHandle? Stage { get; } = stage;
    /// <summary>The index of <see cref="Stage"/>.</summary>
    public string? Index { get; } = index;
    public override string ToString() => Name;
}

/// <summary>A stage as a schedule names it: an equation of the operator, a reduction inside one, a parameter, or what a directive made. Reference identity.</summary>
/// <param name="name">The name that it has in the operator, or that the schedule bound.</param>
/// <param name="entry">What the operator says of it; null for what a directive made.</param>
public sealed class StageHandle(string name, StageEntry? entry, SourceSpan? span = null)
{
    public string Name { get; } = name;
    public StageEntry? Entry { get; } = entry;
    public SourceSpan? Span { get; } = span;
    public override string ToString() => Name;
}
