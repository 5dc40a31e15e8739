using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps.Checking;

/// <summary>Evidence that outlives a process. What is lost is checked again.</summary>
public interface IEvidenceStore
{
    Evidence? Find(string key);
    void Keep(string key, Evidence evidence);
}

/// <param name="Count">Runs that agreed; 0 where none was possible.</param>
/// <param name="Difference">Where one did not.</param>
public sealed record TestedStep(int Count, string? Difference);

/// <summary>How much a check may cost, and what it may use.</summary>
public sealed record CheckingTerms
{
    /// <summary>For one step.</summary>
    public required TimeSpan Time { get; init; }
    /// <summary>Whether the operator may be called with sizes.</summary>
    public required Func<IReadOnlyDictionary<string, long>, bool> Admits { get; init; }
    /// <summary>Whether the schedule may be taken for sizes: what goes wrong at others says nothing.</summary>
    public Func<IReadOnlyDictionary<string, long>, bool> Applies { get; init; } = _ => true;
    /// <summary>Numbers that <see cref="Admits"/> holds dimensions against.</summary>
    public IReadOnlyCollection<long> Numbers { get; init; } = [];
    /// <summary>What <see cref="Admits"/> and <see cref="Applies"/> depend on, as text: evidence is kept for it.</summary>
    public string Scope { get; init; } = "";
    public IEvidenceStore? Kept { get; init; }
    /// <summary>The evidence of the same step in the same schedule for all sizes; null where it has none.</summary>
    public Func<Directive, Evidence?>? Symbolic { get; init; }
    /// <summary>Compares the kernel of the function after a step with the reference, at some of these sizes. Null: there is no time for that.</summary>
    public Func<LoopFunction, ImmutableArray<ImmutableDictionary<string, long>>, TestedStep>? Test { get; init; }
    /// <summary>What can be done where the time does not do.</summary>
    public required Func<Directive, string> Help { get; init; }
}

/// <summary>Decides claims: by kept evidence, by the same step for all sizes, by running the nests before and after it, and last by tests of the kernel.</summary>
public sealed class ClaimChecker(CheckingTerms terms) : IClaimChecker
{
    // Evidence of another way to check is not found.
    private const string Version = "checked 1";

    public Evidence Decide(StepClaim claim, Directive directive, ScheduleState before, ScheduleState after)
    {
        if (ClaimFunctions.Of(before, after) is not { } functions) return Evidence.Proved("nothing is changed");
        string key = KeyOf(functions, directive, after);
        if (terms.Kept?.Find(key) is { } kept) return kept;
        if (terms.Symbolic?.Invoke(directive) is { } general) return general;
        var outcome = ClaimCheck.Run(functions, claim, terms);
        if (outcome is ClaimOutcome.Differ differ)
            throw Refuse(Diagnostic.Create(ScheduleRefusals.Disproved, directive.Span, directive.Text, differ.Where), claim);
        var evidence = outcome is ClaimOutcome.Agree agree ? Evidence.Checked(ArgumentOf(agree.Count, functions))
            : claim.HasThreads || outcome is ClaimOutcome.Impossible { IsOfData: true } ? null : Test(claim, directive, after, functions);
        if (evidence is null)
            throw outcome is ClaimOutcome.Impossible impossible
                ? new DiagnosticException(claim.Refusal with { Message = $"{claim.Refusal.Message}; and it cannot be checked: {impossible.Why}" })
                : Refuse(Diagnostic.Create(ScheduleRefusals.NotChecked, directive.Span, directive.Text, terms.Time.TotalMilliseconds, terms.Help(directive)), claim);
        terms.Kept?.Keep(key, evidence);
        return evidence;
    }

    private Evidence? Test(StepClaim claim, Directive directive, ScheduleState after, ClaimFunctions functions)
    {
        if (terms.Test is null || ReducedSizes.Of([functions.Before, functions.After], terms.Numbers) is not { } choices) return null;
        var (count, difference) = terms.Test(after.ToFunction(), [.. choices.AsEnumerable().Where(c => terms.Admits(c))]);
        if (difference is not null) throw Refuse(Diagnostic.Create(ScheduleRefusals.Disproved, directive.Span, directive.Text, difference), claim);
        return count == 0 ? null : Evidence.Tested(string.Create(CultureInfo.InvariantCulture, $"its kernel and the reference agree on {count} random inputs"));
    }

    private static string ArgumentOf(int count, ClaimFunctions functions) =>
        functions.Before.Dims.IsEmpty ? "the nests before and after it agree at these sizes" : $"the nests before and after it agree at {count.ToString(CultureInfo.InvariantCulture)} choices of sizes";

    private static DiagnosticException Refuse(Diagnostic d, StepClaim claim) => new(d with { Labels = claim.Refusal.Labels });

    private string KeyOf(ClaimFunctions functions, Directive directive, ScheduleState after) =>
        StableHash.OfText(string.Join("\n", Version, terms.Scope, directive.Text, string.Join(',', after.Target.Features.Order(StringComparer.Ordinal)), IrPrinter.Print(functions.Before), IrPrinter.Print(functions.After)))
            .ToString("x32", CultureInfo.InvariantCulture);
}
