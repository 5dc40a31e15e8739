using System.Xml.Linq;

namespace Tx.Display;

/// <summary>One <c>svg</c> element. Its text is the colour of the page that holds it; in a file or an image of its own it brings its ground along, light or dark.</summary>
internal sealed class Drawing
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private readonly XElement _root;

    /// <param name="label">What it shows, for those who do not see it.</param>
    public Drawing(double width, double height, string label)
    {
        _root = new(Svg + "svg", new XAttribute("viewBox", $"0 0 {Markup.Number(width)} {Markup.Number(height)}"), new XAttribute("width", Markup.Number(width)), new XAttribute("height", Markup.Number(height)),
            new XAttribute("role", "img"), new XAttribute("aria-label", Markup.Clean(label)), new XAttribute("font-family", Theme.Font), new XAttribute("font-size", "12"), new XAttribute("fill", "currentColor"),
            new XAttribute("style", "max-width:100%;height:auto"));
        // The root of a page is no svg: this speaks only where the drawing stands alone.
        _root.Add(new XElement(Svg + "style", "svg:root{color:#1c2430;background:#fff}@media(prefers-color-scheme:dark){svg:root{color:#dfe3e8;background:#15191f}}"));
    }

    public XElement Root => _root;

    /// <param name="tip">Shown where the pointer rests.</param>
    public void Rectangle(double x, double y, double width, double height, string fill, string? stroke = null, string? tip = null, double radius = 0) =>
        Add("rect", tip, ("x", x), ("y", y), ("width", width), ("height", height), ("rx", radius == 0 ? null : radius), ("fill", fill), ("stroke", stroke));

    public void Line(double x1, double y1, double x2, double y2, string stroke = "currentColor", double width = 1, string? dashes = null, double opacity = 1) =>
        Add("line", null, ("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2), ("stroke", stroke), ("stroke-width", width), ("stroke-dasharray", dashes), ("stroke-opacity", opacity == 1 ? null : opacity));

    public void Circle(double x, double y, double radius, string fill, string? tip = null) => Add("circle", tip, ("cx", x), ("cy", y), ("r", radius), ("fill", fill));

    public void Path(string d, string stroke, double width = 1.5) => Add("path", null, ("d", d), ("fill", "none"), ("stroke", stroke), ("stroke-width", width));

    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>: which part of the text stands at <paramref name="x"/>.</param>
    public void Text(double x, double y, string text, string anchor = "start", double size = 12, string? fill = null, bool isQuiet = false, bool isMono = false, double rotate = 0)
    {
        var element = Element("text", ("x", x), ("y", y), ("text-anchor", anchor == "start" ? null : anchor), ("font-size", size == 12 ? null : size), ("fill", fill), ("fill-opacity", isQuiet ? 0.7 : null),
            ("font-family", isMono ? Theme.Mono : null), ("transform", rotate == 0 ? null : $"rotate({Markup.Number(rotate)} {Markup.Number(x)} {Markup.Number(y)})"));
        element.Add(Markup.Clean(text));
        _root.Add(element);
    }

    private void Add(string name, string? tip, params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var element = Element(name, attributes);
        if (tip is not null) element.Add(new XElement(Svg + "title", Markup.Clean(tip)));
        _root.Add(element);
    }

    private static XElement Element(string name, params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var element = new XElement(Svg + name);
        foreach (var (attribute, value) in attributes)
            if (value is not null) element.Add(new XAttribute(attribute, value is double x ? Markup.Number(x) : value.ToString()!));
        return element;
    }

    public override string ToString() => Markup.Write(_root);
}
