using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Tx.Core;
using Tx.Lower.Schedule.Steps;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>A schedule step by step: each line, why it is right, and what it changed.</summary>
internal static class StepsFormat
{
    public static DisplayBundle Of(AppliedSchedule applied) =>
        DisplayBundle.OfHtml(StepText.Print(applied.Function), Write(Html("div", $"font:13px/1.45 {Theme.Font};max-width:100%", Summary(applied), Steps(applied))));

    /// <summary>How many steps of which tier, the knobs, and what was refused.</summary>
    public static XElement Summary(AppliedSchedule applied)
    {
        var steps = applied.Function.Steps;
        var summary = Html("div", "margin:4px 0", Html("b", null, $"{applied.Name}"), $": {steps.Length} step{(steps.Length == 1 ? "" : "s")} ");
        foreach (var tier in steps.GroupBy(s => s.Evidence.Tier).OrderBy(g => g.Key)) summary.Add($" {tier.Count()} ", Badge(tier.Key));
        foreach (var k in applied.Elaborated?.Knobs ?? [])
            summary.Add(Html("div", Theme.Quiet, "knob ", Html("code", "background:none;color:inherit", string.Create(CultureInfo.InvariantCulture, $"{k.Name} = {k.Value}")), $" of {string.Join(", ", k.Domain)}"));
        foreach (var d in applied.Diagnostics.AddRange(applied.Notes)) summary.Add(Message(d));
        return summary;
    }

    public static XElement Steps(AppliedSchedule applied)
    {
        var list = Html("div", null);
        for (int i = 0; i < applied.Function.Steps.Length; i++)
        {
            var step = applied.Function.Steps[i];
            var details = Html("details", $"border:{Theme.Line};border-radius:6px;margin:4px 0", applied.Function.Steps.Length <= 4 ? new XAttribute("open", "open") : null,
                Head(step, i + 1, "summary"),
                Difference(StepText.Loops(step.Before), StepText.Loops(step.After)));
            list.Add(details);
        }
        return list;
    }

    /// <summary>One step of a schedule that is written line by line.</summary>
    /// <param name="plain">Its text for a terminal.</param>
    /// <param name="cost">What the nests cost after it.</param>
    public static DisplayBundle One(string plain, AppliedStep step, int number, string cost) => DisplayBundle.OfHtml(plain, Write(Html("div", $"font:13px/1.45 {Theme.Font};max-width:100%;border:{Theme.Line};border-radius:6px;margin:4px 0",
        Head(step, number, "div"), Difference(StepText.Loops(step.Before), StepText.Loops(step.After)), Html("div", $"padding:2px 8px;font-size:12px;{Theme.Quiet}", cost))));

    private static XElement Head(AppliedStep step, int number, string element) =>
        Html(element, "padding:3px 8px" + (element == "summary" ? ";cursor:pointer" : ""), Html("b", null, string.Create(CultureInfo.InvariantCulture, $"{number}")), "  ", Html("code", $"font:12px/1.45 {Theme.Mono};background:none;color:inherit", step.Directive.Text), "  ",
            Badge(step.Evidence.Tier), "  ", Html("span", Theme.Quiet, step.Evidence.Argument));

    /// <summary>Two texts as one, with what went and what came.</summary>
    public static XElement Difference(string before, string after)
    {
        var block = Html("pre", $"margin:0;padding:6px 8px;background:{Theme.Ground};border:0;border-radius:0 0 6px 6px;overflow-x:auto;max-height:440px;font:12px/1.4 {Theme.Mono};color:inherit");
        foreach (var (change, line) in LineDifference.Of(before, after))
            block.Add(change switch
            {
                LineChange.Added => Html("span", $"display:block;background:{Theme.Tint(Theme.Green, ".25")}", "+ " + line),
                LineChange.Removed => Html("span", $"display:block;background:{Theme.Tint(Theme.Red, ".22")}", "- " + line),
                _ => Html("span", "display:block", "  " + line),
            });
        return block;
    }

    public static XElement Badge(EvidenceTier tier) => Html("span",
        $"border-radius:9px;padding:0 8px;font-size:11px;color:#fff;background:{tier switch { EvidenceTier.Proved => "#2f855a", EvidenceTier.Checked => "#a86a12", _ => "#667080" }}", Name(tier));

    public static string Name(EvidenceTier tier) => tier.ToString().ToLowerInvariant();

    /// <summary>A diagnostic with its witness and its help.</summary>
    public static XElement Message(Diagnostic d) => Html("pre", $"margin:4px 0;padding:4px 8px;background:none;border:0;border-left:4px solid {(d.IsError ? Theme.Red : Theme.Amber)};white-space:pre-wrap;font:12px/1.4 {Theme.Mono};color:inherit", DiagnosticRenderer.Render([d]).TrimEnd('\n'));
}

/// <summary>The steps of a schedule with why each is right, and nothing else.</summary>
public sealed record StepEvidenceList(AppliedSchedule Applied);

internal static class EvidenceFormat
{
    public static DisplayBundle Of(StepEvidenceList list)
    {
        var steps = list.Applied.Function.Steps;
        int width = steps.IsEmpty ? 0 : Math.Min(60, steps.Max(s => s.Directive.Text.Length));
        var text = new StringBuilder();
        const string cell = "padding:2px 10px 2px 0;text-align:left;border:0;background:none;vertical-align:top";
        var table = Html("table", $"border-collapse:collapse;font:13px/1.45 {Theme.Font};border:0;margin:0");
        for (int i = 0; i < steps.Length; i++)
        {
            var (line, evidence) = (steps[i].Directive.Text, steps[i].Evidence);
            text.Append(CultureInfo.InvariantCulture, $"{i + 1,3}  {line.PadRight(width)}  {evidence}\n");
            table.Add(Html("tr", "background:none;border:0", Html("td", $"{cell};{Theme.Quiet}", string.Create(CultureInfo.InvariantCulture, $"{i + 1}")),
                Html("td", $"{cell};font:12px/1.5 {Theme.Mono};white-space:pre-wrap;overflow-wrap:anywhere", line), Html("td", cell, StepsFormat.Badge(evidence.Tier)), Html("td", cell, evidence.Argument)));
        }
        foreach (var d in list.Applied.Diagnostics) text.Append(DiagnosticRenderer.Render([d]));
        return DisplayBundle.OfHtml(steps.IsEmpty && list.Applied.Diagnostics.IsEmpty ? "no steps" : text.ToString(), Write(Html("div", null, StepsFormat.Summary(list.Applied), table)));
    }
}
