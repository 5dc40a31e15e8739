using System.Collections.Immutable;

namespace Tx.Display;

/// <summary>One thing in several forms, each under its MIME type. There is always <c>text/plain</c>; beside it may be <c>text/html</c>, which needs no network and no script
/// and may stand in a page together with any other bundle, and of a drawing <c>image/svg+xml</c>.</summary>
public sealed record DisplayBundle
{
    public const string PlainType = "text/plain", SvgType = "image/svg+xml", HtmlType = "text/html";

    private DisplayBundle(ImmutableSortedDictionary<string, string> data) => Data = data;

    /// <summary>MIME type to text, in the order of the types.</summary>
    public ImmutableSortedDictionary<string, string> Data { get; }

    /// <summary>The form for a terminal, without an end of line at its end.</summary>
    public string Plain => Data[PlainType];

    /// <summary>The form for a page, a fragment of HTML; null where there is only text.</summary>
    public string? Rich => Data.GetValueOrDefault(HtmlType);

    public static DisplayBundle OfText(string plain) => new(Sorted(plain));

    /// <summary>A drawing. Inside of HTML it takes the colours of its page, and no reader of notebooks takes it apart; alone it is an image.</summary>
    /// <param name="svg">One <c>svg</c> element with its namespace.</param>
    public static DisplayBundle OfSvg(string plain, string svg) => new(Sorted(plain).Add(SvgType, svg).Add(HtmlType, $"<div style=\"max-width:100%\">{svg}</div>"));

    /// <param name="html">A fragment that is well-formed XML.</param>
    public static DisplayBundle OfHtml(string plain, string html) => new(Sorted(plain).Add(HtmlType, html));

    private static ImmutableSortedDictionary<string, string> Sorted(string plain) =>
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(PlainType, plain.TrimEnd('\n'));

    /// <summary>The plain form.</summary>
    public override string ToString() => Plain;
}
