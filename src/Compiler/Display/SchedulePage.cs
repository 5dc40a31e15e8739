using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>A schedule as one page: its lines, why each is right and what it changed, the nests with operations and footprints, and the code.</summary>
internal static class SchedulePage
{
    /// <param name="source">The text of the operator and the schedule.</param>
    /// <param name="assembly">Of the kernel; null where there is none.</param>
    public static string Of(AppliedSchedule applied, LoopNests nests, string source, AssemblyListing? assembly)
    {
        var page = new Page(nests.Title);
        page.Add(StepsFormat.Summary(applied));
        page.Heading("Source");
        page.Text(source);
        page.Heading("Steps");
        page.Add(StepsFormat.Steps(applied));
        page.Heading("Nests");
        page.View(nests);
        page.Heading("Loops");
        page.Text(StepText.Loops(applied.Function.State));
        if (assembly is null) return page.ToString();
        page.Heading("Assembly");
        page.View(assembly);
        return page.ToString();
    }
}
