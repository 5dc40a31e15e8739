using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Tx.Display;

/// <summary>Elements of HTML and SVG. What is built here is well-formed, escaped, and the same for the same input. No element has an id, so that any number
/// of views stand in one page; styles are inline, in colours that read on light and on dark.</summary>
internal static class Markup
{
    /// <summary>An element; null contents are left out. It never closes itself, which HTML would not understand.</summary>
    public static XElement Html(string name, string? style, params ReadOnlySpan<object?> content)
    {
        var element = new XElement(name, style is null ? null : new XAttribute("style", style));
        foreach (object? part in content) element.Add(part is string text ? Clean(text) : part);
        if (element.IsEmpty && name is not ("br" or "hr" or "meta" or "img")) element.Add("");
        return element;
    }

    /// <summary>The text of a fragment, without an indentation of ours: it would show in <c>pre</c>.</summary>
    public static string Write(params IEnumerable<XElement> elements)
    {
        var text = new StringBuilder();
        foreach (var e in elements) text.Append(e.ToString(SaveOptions.DisableFormatting));
        return text.ToString();
    }

    /// <summary>A text without the characters that XML has no form for.</summary>
    public static string Clean(string text)
    {
        if (text.All(c => c is >= ' ' and < '\ud800' or '\n' or '\t')) return text;
        var clean = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
            if (char.IsSurrogatePair(text, i)) clean.Append(text, i++, 2);
            else if (i + 1 <= text.Length && XmlConvert.IsXmlChar(text[i]) && text[i] != '\r') clean.Append(text[i]);
            else if (text[i] != '\r') clean.Append('\ufffd');
        return clean.ToString();
    }

    /// <summary>A number of a drawing: two digits behind the point are less than a pixel.</summary>
    public static string Number(double x)
    {
        double rounded = Math.Round(x, 2);
        return (rounded == 0 ? 0 : rounded).ToString("0.##", CultureInfo.InvariantCulture);
    }
}

/// <summary>Colours and sizes that views share. Text and lines take <c>currentColor</c>; areas are middle tones, or tones that the ground shines through.</summary>
internal static class Theme
{
    public const string Font = "system-ui,sans-serif", Mono = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace";
    public const string Quiet = "opacity:.7", Line = "1px solid rgba(128,128,128,.35)", Ground = "rgba(128,128,128,.10)";
    public const string Blue = "#3d85c6", Green = "#3a9a5b", Amber = "#c98a1b", Violet = "#8f6bd1", Red = "#d0524a", Grey = "#8a93a0", Teal = "#2f9c95";

    /// <summary>A tone of a colour that text can stand on.</summary>
    public static string Tint(string colour, string alpha) => string.Create(CultureInfo.InvariantCulture,
        $"rgba({Convert.ToInt32(colour[1..3], 16)},{Convert.ToInt32(colour[3..5], 16)},{Convert.ToInt32(colour[5..7], 16)},{alpha})");

    /// <summary>The colour of a loop that runs so: <c>parallel</c>, <c>vectorised</c>, <c>unrolled</c>, <c>virtual</c>, or the axis that it is bound to.</summary>
    public static string OfMark(string kind) => kind.Split('.')[0] switch
    {
        "serial" => Grey, "parallel" => Blue, "vectorised" => Green, "unrolled" => Amber, "virtual" => Teal, _ => Violet,
    };
}
