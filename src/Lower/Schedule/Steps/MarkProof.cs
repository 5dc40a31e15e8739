using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Lower.Schedule.Steps;

/// <summary>Proves the marks of loops again that a step has touched, so that none is voided in silence.</summary>
internal static class MarkProof
{
    /// <returns>Null where the step has touched no marked loop.</returns>
    /// <exception cref="DiagnosticException">A mark would not hold any more.</exception>
    public static Evidence? Check(ScheduleState before, ScheduleState after, Directive d, StepContext context)
    {
        Evidence? evidence = null;
        foreach (int number in after.Nests.Changed)
        {
            bool isKnown = before.Nests.TryGet(number, out var old);
            var nest = after.Nests[number];
            if (isKnown && ReferenceEquals(old, nest)) continue;
            var known = isKnown ? LoopPlace.LoopsIn(old!).Where(IsMarked).ToHashSet<Stmt>(ReferenceEqualityComparer.Instance) : [];
            foreach (var loop in LoopPlace.LoopsIn(nest).Where(IsMarked))
            {
                // A mark that this very step has made is proved by it.
                if (known.Contains(loop) || isKnown && !LoopPlace.LoopsIn(old!).Any(f => ReferenceEquals(f.Variable, loop.Variable) && f.Kind == loop.Kind)) continue;
                var place = LoopPlace.Find(nest, loop.Variable, number);
                // Shared caches and their barriers are right by the steps that make them; everything else must be independent without them.
                if (loop.Kind is LoopKind.Bound) place = place with { Loop = DeviceSteps.WithoutSharedCaches(loop) };
                try
                {
                    var proof = Legality.RequireIndependent(after, place, d, context, loop.Kind is LoopKind.Vectorized, LoopWords.Of(loop.Kind));
                    if (proof.Claim is { } claim)
                        proof = Evidence.Claimed(claim with { Refusal = Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, d.Text, $"`{loop.Variable.Name}` stays {LoopWords.Of(loop.Kind)} after it, and that is {claim.Refusal.Reason()}",
                            $"do this step first, or leave the mark of `{loop.Variable.Name}` out") with { Labels = claim.Refusal.Labels } });
                    evidence = evidence is null ? proof : evidence & proof;
                }
                catch (DiagnosticException refused)
                {
                    var why = refused.Diagnostics[0];
                    throw new DiagnosticException(Diagnostic.Create(ScheduleRefusals.MarkVoided, d.Span, loop.Variable.Name, LoopWords.Of(loop.Kind), why.Reason())
                        with { Labels = why.Labels, Witness = why.Witness });
                }
            }
        }
        return evidence;
    }

    private static bool IsMarked(For f) => f.Kind is LoopKind.Parallel or LoopKind.Vectorized or LoopKind.Bound or LoopKind.Virtual;

    // What stands after the colon of "`x` cannot be parallel: …".
    private static string Reason(this Diagnostic d) => d.Message[(d.Message.IndexOf(": ", StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..];
}
