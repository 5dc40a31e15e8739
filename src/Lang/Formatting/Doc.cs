using System.Collections.Immutable;

namespace Tx.Lang.Formatting;

/// <summary>A text with the places where its line may be broken.</summary>
internal abstract record Doc;

internal sealed record TextDoc(string Text) : Doc;

internal sealed record ConcatDoc(ImmutableArray<Doc> Parts) : Doc;

/// <summary>A place to break: a space or nothing where its group stands in one line.</summary>
internal sealed record BreakDoc(bool IsSpace) : Doc;

/// <summary>A line end in any case. What holds one is never in one line.</summary>
internal sealed record LineEndDoc : Doc;

/// <summary>A comment at the end of its line.</summary>
internal sealed record TrailingDoc(string Text) : Doc;

/// <summary>Lines that begin inside are indented by one step more.</summary>
internal sealed record IndentDoc(Doc Content) : Doc;

/// <summary>In one line if it fits; otherwise its own breaks are line ends.</summary>
internal sealed record GroupDoc(Doc Content) : Doc;

/// <summary>As many parts in a line as fit. Parts and breaks take turns.</summary>
internal sealed record FillDoc(ImmutableArray<Doc> Parts) : Doc;

/// <summary>One line of a layout: code, and the comment at its end.</summary>
/// <param name="AlignAt">Where an <c>=</c> stands that goes below those of its neighbours; 0 for none.</param>
internal sealed record LayoutLine(int Indent, string Code, string? Comment = null, int AlignAt = 0)
{
    public bool IsBlank => Code.Length == 0 && Comment is null;
}
