using System.Collections.Immutable;
using System.Text;
using System.Xml.Linq;
using Tx.Lower.Schedule.Steps;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>The nests of an operator as they run: loops with their marks, iterations, operations and footprints.</summary>
/// <param name="Title">The operator, its schedule and its sizes.</param>
public sealed record LoopNests(string Title, ImmutableArray<NestView> Nests);

/// <summary>Nests as boxes in boxes, each in the colour of its mark; in a terminal as lines, indented.</summary>
internal static class NestFormat
{
    public static DisplayBundle Of(LoopNests nests)
    {
        var text = new StringBuilder();
        text.Append("// ").Append(nests.Title).Append('\n');
        foreach (var nest in nests.Nests) Lines(text, nest, 0);
        return Of(text.ToString(), nests.Title, nests.Nests);
    }

    /// <summary>Nests whose text is another.</summary>
    public static DisplayBundle Of(string plain, string title, ImmutableArray<NestView> nests) =>
        DisplayBundle.OfHtml(plain, Write(Html("div", $"font:13px/1.45 {Theme.Font};max-width:100%", Html("div", "font-weight:600;margin:4px 0", title), Legend(nests), Boxes(nests))));

    private static void Lines(StringBuilder text, NestView view, int depth)
    {
        var (head, figures, body) = Parts(view);
        foreach (string line in head.Split('\n')) text.Append(' ', 2 * depth).Append(line).Append('\n');
        if (figures.Length > 0)
        {
            // Figures stand in a column of their own where there is room.
            int at = text.Length - 1, start = text.ToString(0, at).LastIndexOf('\n') + 1;
            text.Insert(at, new string(' ', Math.Max(2, 56 - (at - start))) + figures);
        }
        foreach (var inner in body) Lines(text, inner, depth + 1);
    }

    private static (string Head, string Figures, ImmutableArray<NestView> Body) Parts(NestView view) => view switch
    {
        LoopView l => ($"for {l.Variable} in 0..{l.Extent}{(l.Kind == "serial" ? "" : $" {l.Kind}")}", Figures(l), l.Body),
        BufferView b => ($"{b.Name}: {b.Type}", b.Bytes is { } bytes ? Quantity.Bytes(bytes) : "", b.Body),
        ConditionView c => (c.Text, "", c.Body),
        StatementView s => (s.Text, "", []),
        _ => ("", "", []),
    };

    private static string Figures(LoopView l) =>
        string.Join(" · ", new[] { l.Operations is { } n ? $"{Quantity.Count(n)} op{(n == 1 ? "" : "s")}" : null, l.Bytes is { } b ? Quantity.Bytes(b) : null }.Where(t => t is not null));

    /// <summary>The boxes alone.</summary>
    public static XElement Boxes(ImmutableArray<NestView> nests)
    {
        var boxes = Html("div", "display:flex;flex-direction:column;gap:6px");
        foreach (var nest in nests) boxes.Add(Box(nest));
        return boxes;
    }

    private static XElement Box(NestView view)
    {
        if (view is StatementView s)
            return Html("pre", $"margin:2px 0;padding:2px 8px;background:none;border:0;white-space:pre-wrap;overflow-wrap:anywhere;font:12px/1.45 {Theme.Mono}", s.Name.Length > 0 ? Html("i", Theme.Quiet, s.Name + "  ") : null, s.Text);
        var (head, figures, body) = Parts(view);
        string style = view switch
        {
            LoopView l => $"border:1px solid {Theme.Tint(Theme.OfMark(l.Kind), ".45")};border-left:4px solid {Theme.OfMark(l.Kind)}",
            BufferView => $"border-left:4px dashed {Theme.Teal}",
            _ => $"border-left:4px dotted {Theme.Grey}",
        };
        // Grounds of boxes in boxes would add up: only the head has one.
        string ground = view is LoopView { Kind: var kind } ? $";background:{Theme.Tint(Theme.OfMark(kind), kind == "serial" ? ".10" : ".22")}" : "";
        var box = Html("div", style + ";border-radius:0 5px 5px 0;padding:0 4px 2px 0;margin:2px 0 2px 8px",
            Html("div", $"display:flex;gap:10px;align-items:baseline;padding:1px 6px;margin-right:-4px{ground}", Html("code", $"font:12px/1.45 {Theme.Mono};background:none;padding:0;color:inherit;overflow-wrap:anywhere", head),
                Html("span", $"margin-left:auto;white-space:nowrap;font-size:12px;{Theme.Quiet}", figures)));
        foreach (var inner in body) box.Add(Box(inner));
        return box;
    }

    /// <summary>The marks that occur, with their colours.</summary>
    private static XElement Legend(ImmutableArray<NestView> nests)
    {
        var legend = Html("div", $"display:flex;flex-wrap:wrap;gap:4px 14px;font-size:12px;margin-bottom:4px;{Theme.Quiet}", Html("span", null, "each box a loop: operations, and the distinct bytes that one run of it touches"));
        foreach (string kind in nests.SelectMany(Kinds).Distinct().Order(StringComparer.Ordinal))
            legend.Add(Html("span", null, Html("span", $"display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:4px;background:{Theme.OfMark(kind)}"), kind));
        return legend;
    }

    private static IEnumerable<string> Kinds(NestView view) => view switch
    {
        LoopView l => l.Body.SelectMany(Kinds).Prepend(l.Kind),
        _ => Parts(view).Body.SelectMany(Kinds),
    };
}
