using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using Tx.Lower.Schedule.Steps;

namespace Tx;

/// <summary>A schedule as one self-contained page: its lines, why each is right and what it changed, the nests with operations and footprints, and the code.</summary>
public static class HtmlReport
{
    /// <param name="source">The text of the operator and the schedule.</param>
    /// <param name="assembly">Of the kernel; null where there is none.</param>
    public static string Of(AppliedSchedule applied, string title, string source, string? assembly)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Text(title)}</title>\n<style>{Style}</style></head><body>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(title)}</h1>\n");
        Summary(page, applied);
        page.Append("<section><h2>Source</h2><pre class=\"code\">").Append(Text(source.Trim('\n'))).Append("</pre></section>\n");
        Steps(page, applied.Function);
        page.Append("<section><h2>Nests</h2><p class=\"note\">Each box is a loop: iterations, operations on elements and distinct bytes touched by one run of the whole loop.</p>\n<div class=\"nests\">");
        foreach (var view in NestViews.Of(applied.Function.State)) Nest(page, view);
        page.Append("</div></section>\n");
        Code(page, applied.Function, assembly);
        return page.Append("</body></html>\n").ToString();
    }

    private static void Summary(StringBuilder page, AppliedSchedule applied)
    {
        var steps = applied.Function.Steps;
        page.Append("<p class=\"summary\">").Append(CultureInfo.InvariantCulture, $"{steps.Length} steps: ");
        page.AppendJoin(", ", steps.GroupBy(s => s.Evidence.Tier).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Badge(g.Key)}"));
        foreach (var d in applied.Diagnostics)
            page.Append(CultureInfo.InvariantCulture, $"<br><span class=\"{(d.IsError ? "error" : "warning")}\">{d.Code}</span> {Text(d.Message)}{(d.Help is { } help ? $" <em>{Text(help)}</em>" : "")}");
        foreach (var k in applied.Elaborated.Knobs)
            page.Append(CultureInfo.InvariantCulture, $"<br>knob <code>{Text(k.Name)} = {k.Value}</code> in [{string.Join(", ", k.Domain)}]");
        page.Append("</p>\n");
    }

    private static void Steps(StringBuilder page, ScheduledFunction f)
    {
        page.Append("<section><h2>Steps</h2>\n");
        int number = 0;
        foreach (var step in f.Steps)
        {
            page.Append(CultureInfo.InvariantCulture, $"<details{(f.Steps.Length <= 4 ? " open" : "")}><summary><b>{++number}</b> <code>{Text(step.Directive.Text)}</code> {Badge(step.Evidence.Tier)} <span class=\"note\">{Text(step.Evidence.Argument)}</span></summary><pre class=\"code\">");
            foreach (var (change, line) in LineDifference.Of(StepText.Loops(step.Before), StepText.Loops(step.After)))
                page.Append(change switch { LineChange.Added => "<span class=\"added\">+ ", LineChange.Removed => "<span class=\"removed\">- ", _ => "<span>  " }).Append(Text(line)).Append("</span>\n");
            page.Append("</pre></details>\n");
        }
        page.Append("</section>\n");
    }

    private static void Nest(StringBuilder page, NestView view)
    {
        switch (view)
        {
            case LoopView l:
                page.Append(CultureInfo.InvariantCulture, $"<div class=\"loop {l.Kind.Split('.')[0]}\"><div class=\"head\"><code>{Text(l.Variable)}</code> in 0..{Text(l.Extent)} <b>{(l.Kind == "serial" ? "" : Text(l.Kind))}</b><span class=\"figures\">{Count(l.Operations, "op")} {Bytes(l.Bytes)}</span></div>");
                foreach (var inner in l.Body) Nest(page, inner);
                page.Append("</div>");
                break;
            case BufferView b:
                page.Append(CultureInfo.InvariantCulture, $"<div class=\"buffer\"><div class=\"head\"><code>{Text(b.Text)}</code><span class=\"figures\">{Bytes(b.Bytes)}</span></div>");
                foreach (var inner in b.Body) Nest(page, inner);
                page.Append("</div>");
                break;
            case StatementView s:
                page.Append(CultureInfo.InvariantCulture, $"<pre class=\"statement\"><i>{Text(s.Name)}</i> {Text(s.Text)}</pre>");
                break;
        }
    }

    private static void Code(StringBuilder page, ScheduledFunction f, string? assembly)
    {
        page.Append("<section><h2>Code</h2><div class=\"columns\"><div><h3>Loops</h3><pre class=\"code\">").Append(Text(StepText.Loops(f.State).Trim('\n'))).Append("</pre></div>");
        if (assembly is not null) page.Append("<div><h3>Assembly</h3><pre class=\"code\">").Append(Text(assembly.Trim('\n'))).Append("</pre></div>");
        page.Append("</div></section>\n");
    }

    private static string Badge(EvidenceTier tier) => $"<span class=\"tier {tier.ToString().ToLowerInvariant()}\">{tier.ToString().ToLowerInvariant()}</span>";

    private static string Count(double? n, string unit) => n is { } v ? $"{Short(v, 1000, ["", "k", "M", "G", "T"])} {unit}{(v == 1 ? "" : "s")}" : "";
    private static string Bytes(long? n) => n is { } v ? $"· {Short(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB"])}" : "";

    private static string Short(double value, double step, ImmutableArray<string> units)
    {
        int unit = 0;
        for (; value >= step && unit + 1 < units.Length; unit++) value /= step;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#}{(units[unit].Length > 0 ? " " : "")}{units[unit]}");
    }

    private static string Text(string s) => WebUtility.HtmlEncode(s);

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:#1c2430;background:#fbfbfa}
        h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:.95rem;margin:.2rem 0}
        code,pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}
        pre.code{background:#f1f1ee;border-radius:6px;padding:.7rem;overflow:auto;max-height:34rem;margin:.4rem 0}
        .note,.figures{color:#68707c;font-size:.85rem}.summary{margin:.2rem 0}
        details{border:1px solid #ddddd8;border-radius:6px;margin:.35rem 0;background:#fff}summary{padding:.35rem .7rem;cursor:pointer}details pre.code{margin:.2rem .7rem .7rem}
        .added{background:#dcf3e0;display:inline-block;min-width:100%}.removed{background:#fbe2e0;display:inline-block;min-width:100%}
        .tier{border-radius:9px;padding:0 .5rem;font-size:.75rem;color:#fff;background:#2f855a}.tier.checked{background:#b7791f}.tier.tested{background:#718096}
        .error{color:#b3261e;font-weight:600}.warning{color:#b7791f;font-weight:600}
        .nests{display:flex;flex-direction:column;gap:.6rem}
        .loop,.buffer{border-left:4px solid #a0a8b4;background:#fff;border-radius:0 6px 6px 0;padding:.3rem .3rem .3rem .7rem;margin:.25rem 0;box-shadow:0 0 0 1px #e6e6e1}
        .loop.parallel{border-color:#2b6cb0;background:#f3f8fd}.loop.vectorised{border-color:#2f855a;background:#f2faf4}.loop.unrolled{border-color:#b7791f;background:#fdf8ee}
        .loop.block,.loop.thread,.loop.virtual{border-color:#805ad5;background:#f8f5fd}.buffer{border-left-style:dashed;background:#fafaf7}
        .head{display:flex;gap:.5rem;align-items:baseline}.figures{margin-left:auto;white-space:nowrap}
        pre.statement{margin:.2rem 0;white-space:pre-wrap}pre.statement i{color:#68707c}
        .columns{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.columns>div{min-width:0}
        @media(max-width:800px){.columns{grid-template-columns:1fr}}
        """;
}
