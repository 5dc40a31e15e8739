using System.Xml.Linq;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>A page in one file: headings and views one below the other, light or dark as the reader has it. It needs no network and no script.</summary>
internal sealed class Page
{
    // No `>` in it: XML would escape it.
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1000px;padding:16px;box-sizing:border-box;color:#1c2430;background:#fcfcfb}
        h1{font-size:1.5rem;margin:.4rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem;border-bottom:1px solid rgba(128,128,128,.35)}h3{font-size:1rem;margin:1.2rem 0 .3rem}
        code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        pre.text{background:rgba(128,128,128,.10);border-radius:6px;padding:8px 10px;margin:4px 0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:560px;overflow-y:auto}
        nav a{margin-right:12px}a{color:#2a6fb5}.note{opacity:.7}.columns{display:grid;grid-template-columns:1fr 1fr;gap:12px}.columns div{min-width:0}
        @media(max-width:760px){.columns{grid-template-columns:1fr}}
        @media(prefers-color-scheme:dark){body{color:#dfe3e8;background:#15191f}a{color:#7fb4ea}}
        """;

    private readonly XElement _body;
    private readonly string _title;

    public Page(string title)
    {
        _title = title;
        _body = Html("body", null, Html("h1", null, title));
    }

    public void Add(params IEnumerable<XElement> content) => _body.Add(content);

    /// <param name="anchor">Where links of this page lead to; pages hold each once.</param>
    public void Heading(string text, int level = 2, string? anchor = null) => _body.Add(Html($"h{level}", null, anchor is null ? null : new XAttribute("id", Clean(anchor)), text));

    public void Note(string text) => _body.Add(Html("p", null, new XAttribute("class", "note"), text));

    public void Text(string text) => _body.Add(Block(text));

    /// <summary>A view in its rich form, or else its text.</summary>
    public void View(object subject)
    {
        var bundle = Formatters.Of(subject);
        if (bundle.Rich is not { } rich) _body.Add(Block(bundle.Plain));
        else
            // Bundles are fragments; a root makes a document of one.
            _body.Add(XElement.Parse($"<div>{rich}</div>", LoadOptions.PreserveWhitespace));
    }

    public static XElement Block(string text) => Html("pre", null, new XAttribute("class", "text"), text.Trim('\n'));

    public static XElement Columns(params ReadOnlySpan<XElement> columns)
    {
        var row = Html("div", null, new XAttribute("class", "columns"));
        foreach (var column in columns) row.Add(Html("div", null, column));
        return row;
    }

    public override string ToString() => "<!doctype html>\n" + Write(Html("html", null, new XAttribute("lang", "en"),
        Html("head", null, Html("meta", null, new XAttribute("charset", "utf-8")), Html("meta", null, new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width")), Html("title", null, _title), Html("style", null, Style)), _body)) + "\n";
}
