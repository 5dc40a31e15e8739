using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Lower.Ir;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>Instructions, one after another, that come from one line of the source or one step of the schedule.</summary>
/// <param name="Source">The line, or the step; null: loops, addresses, and what the compiler has moved.</param>
/// <param name="Place">File and line of the source; null for a step.</param>
public sealed record AssemblyPart(string? Source, string? Place, ImmutableArray<string> Lines);

/// <summary>A kernel's assembly beside what it comes from.</summary>
/// <param name="Title">The operator, its schedule and its sizes.</param>
public sealed record AssemblyListing(string Title, ImmutableArray<AssemblyPart> Parts)
{
    /// <param name="assembly">With <c>.loc</c> directives whose lines number <paramref name="origins"/> from 1.</param>
    public static AssemblyListing Of(string title, string assembly, ImmutableArray<Origin> origins)
    {
        var parts = ImmutableArray.CreateBuilder<AssemblyPart>();
        var lines = new List<string>();
        int origin = 0, next = 0;
        // `.type tx.zero,@object`: what follows such a label is data.
        var data = assembly.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith(".type", StringComparison.Ordinal) && l.Contains("@object", StringComparison.Ordinal)).Select(l => l[".type".Length..l.IndexOf(',', StringComparison.Ordinal)].Trim()).ToHashSet(StringComparer.Ordinal);
        foreach (string line in assembly.Split('\n').Select(l => l.TrimEnd()))
        {
            string text = line.TrimStart();
            if (text.StartsWith(".loc", StringComparison.Ordinal)) next = LineOf(text);
            // A function begins without an origin.
            else if (line.Length > 0 && !char.IsWhiteSpace(line[0]) && line[0] is not ('.' or '#') && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var end)
            {
                if (!data.Contains(line[..end])) Add(line, 0, isFunction: true);
            }
            else if (IsBlock(line)) Add(line, next);
            else if (text.Length > 0 && text[0] is not ('.' or '#')) Add(line, next);
        }
        Close();
        return new(title, parts.ToImmutable());

        void Add(string line, int from, bool isFunction = false)
        {
            if (from != origin || isFunction) Close();
            (origin, next) = (from, from);
            int comment = line.IndexOf("# ", StringComparison.Ordinal);
            lines.Add((comment > 0 ? line[..comment] : line).TrimEnd().Replace("\t", "    ", StringComparison.Ordinal));
        }

        void Close()
        {
            if (lines.Count > 0) parts.Add(Part(origin > 0 && origin <= origins.Length ? origins[origin - 1] : null, [.. lines]));
            lines.Clear();
        }
    }

    // `.LBB0_3:`; labels of the debug information are left out.
    private static bool IsBlock(string line) => line.StartsWith(".LBB", StringComparison.Ordinal) && line.Contains(':', StringComparison.Ordinal);

    // `.loc 0 12 3 is_stmt 0`: file, line, column.
    private static int LineOf(string directive) =>
        directive.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [_, _, var line, ..] && int.TryParse(line, CultureInfo.InvariantCulture, out int n) ? n : 0;

    private static AssemblyPart Part(Origin? origin, ImmutableArray<string> lines) => origin switch
    {
        { Equation: { } span } => new(span.Text.Split('\n')[0].Trim(), $"{Path.GetFileName(span.Source.Path)}:{span.Start.Line}", lines),
        { Directive: { } step } => new(step, null, lines),
        _ => new(null, null, lines),
    };
}

/// <summary>Assembly in parts: at the left where each comes from, at the right its instructions.</summary>
internal static class AssemblyFormat
{
    // More than anyone reads; the rest is counted.
    private const int MaxLines = 1200;
    private static readonly ImmutableArray<string> Colours = [Theme.Blue, Theme.Green, Theme.Amber, Theme.Violet, Theme.Teal, Theme.Red];

    public static DisplayBundle Of(AssemblyListing listing) => DisplayBundle.OfHtml(Text(listing), Html(listing));

    private static string Text(AssemblyListing listing)
    {
        var text = new StringBuilder();
        text.Append("// ").Append(listing.Title).Append('\n');
        foreach (var part in listing.Parts)
        {
            if (part.Source is not null) text.Append(CultureInfo.InvariantCulture, $"; {(part.Place is null ? "" : part.Place + "  ")}{part.Source}\n");
            else if (!part.Lines[0].EndsWith(':')) text.Append("; (loops and addresses)\n");
            foreach (string line in part.Lines) text.Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string Html(AssemblyListing listing)
    {
        var colours = listing.Parts.Where(p => p.Source is not null).Select(p => (p.Place, p.Source)).Distinct().Select((p, i) => (p, i)).ToDictionary(p => p.p, p => Colours[p.i % Colours.Length]);
        const string cell = "padding:2px 8px;border:0;background:none;text-align:left;vertical-align:top";
        var table = Markup.Html("table", $"border-collapse:collapse;width:100%;table-layout:fixed;margin:0;border:0;font:12px/1.4 {Theme.Mono}",
            Markup.Html("colgroup", null, Markup.Html("col", "width:38%"), Markup.Html("col", "width:62%")));
        int total = listing.Parts.Sum(p => p.Lines.Length), shown = 0;
        foreach (var part in listing.Parts)
        {
            if (shown >= MaxLines) break;
            shown += part.Lines.Length;
            string colour = part.Source is null ? "rgba(128,128,128,.4)" : colours[(part.Place, part.Source)];
            table.Add(Markup.Html("tr", "background:none;border:0",
                Markup.Html("td", $"{cell};white-space:pre-wrap;overflow-wrap:anywhere;border-left:4px solid {colour}", part.Place is null ? null : Markup.Html("span", Theme.Quiet, part.Place + " "),
                    part.Source is null ? Markup.Html("span", Theme.Quiet, part.Lines[0].EndsWith(':') && part.Lines.Length == 1 ? "" : "loops and addresses") : part.Source),
                Markup.Html("td", cell, Markup.Html("pre", $"margin:0;padding:0;background:none;border:0;white-space:pre-wrap;overflow-wrap:anywhere;font:12px/1.4 {Theme.Mono};color:inherit", string.Join('\n', part.Lines)))));
        }
        var box = Markup.Html("div", $"font:13px/1.45 {Theme.Font};max-width:100%", Markup.Html("div", "font-weight:600;margin:4px 0", listing.Title), Markup.Html("div", "max-height:560px;overflow-y:auto", table));
        if (shown < total) box.Add(Markup.Html("div", Theme.Quiet, string.Create(CultureInfo.InvariantCulture, $"{total - shown} more lines: tx print --stage asm")));
        return Write(box);
    }
}
