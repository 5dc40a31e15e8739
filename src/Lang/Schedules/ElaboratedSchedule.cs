using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>What a schedule says, for one choice of its knobs: a list of steps.</summary>
/// <param name="Directives">In the order in which they are done; <c>auto()</c> last. Not complete where <see cref="HasErrors"/>.</param>
/// <param name="Knobs">In the order of the text, those of the schedule that is extended first.</param>
/// <param name="Requires">All conditions that were met, those of the schedule that is extended among them.</param>
/// <param name="Diagnostics">Errors and warnings, in the order in which they were found.</param>
public sealed record ElaboratedSchedule(
    ScheduleSyntax Syntax, ImmutableArray<Directive> Directives, ImmutableArray<ScheduleKnob> Knobs, ImmutableArray<ScheduleRequirement> Requires,
    ImmutableArray<Diagnostic> Diagnostics)
{
    public bool HasErrors => Diagnostics.Any(d => d.IsError);
    /// <summary>There are errors, and each of them says only that sizes are not known: with sizes the schedule may be good.</summary>
    public bool NeedsSizes => HasErrors && Diagnostics.All(d => !d.IsError || d.Descriptor == ScheduleDiagnostics.SizesUnknown);
    /// <summary>The only errors are conditions on knobs or sizes that do not hold: the schedule is well formed, and this point is not admitted.</summary>
    public bool IsOutsideRequirements => HasErrors && Diagnostics.All(d => !d.IsError || d.Descriptor == ScheduleDiagnostics.RequirementFalse);
}

/// <summary>A number that a tuner may change.</summary>
/// <param name="Domain">Its values, in the order of the text; not empty.</param>
/// <param name="Value">The one in force: given, or by default.</param>
/// <param name="IsFixed">A schedule that extends the knob's sets it; a tuner leaves it alone.</param>
public sealed record ScheduleKnob(string Name, ImmutableArray<long> Domain, long Value, bool IsFixed, SourceSpan Span);

/// <summary>A condition of <c>require</c>.</summary>
/// <param name="Condition">What is left of it with the knobs' values; <see cref="Terms.True"/> where it holds, <see cref="Terms.False"/> where it does
/// not (an error then says so), else a condition over dimensions whose sizes are not known yet.</param>
public sealed record ScheduleRequirement(Term Condition, SourceSpan Span);
