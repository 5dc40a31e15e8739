using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Schedule.Steps.Checking;

namespace Tx;

/// <summary>Schedules of callees inside of callers. A call that no line of the caller's schedule names runs by the schedule that dispatch takes for it where it stands
/// alone: the steps of that schedule are done on the call's stages, each proved or checked there again.</summary>
internal sealed partial class ScheduleResolver
{
    /// <summary>The schedules that dispatch has for the calls inside of an operator: what a kernel depends on beside the operator's own schedule.</summary>
    public ImmutableArray<ScheduleSyntax> ChooseForCalls(Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes) =>
        [.. op.Calls.Select(c => Choose(c.Callee, c.SizesFor(sizes))?.Schedule).OfType<ScheduleSyntax>()];

    /// <summary>An operator without a schedule of its own, whose calls have some: the rest gets the default. Null where dispatch has none for any call.</summary>
    /// <param name="plain">Makes the nests, with the loops of empty reductions.</param>
    public AppliedSchedule? ApplyCalls(Operator op, Func<LoopFunction> plain, IReadOnlyDictionary<DimSymbol, long>? sizes, CheckingBudget? budget)
    {
        if (!op.Calls.Any(c => Choose(c.Callee, c.SizesFor(sizes)) is not null)) return null;
        var function = WithoutUnread(op, plain());
        var face = InterfaceBuilder.Build(op, function);
        var context = ContextOf(op, sizes, budget);
        return Retry(refused =>
        {
            var found = CallsOf(face, sizes, [], refused);
            var kept = KeptFromFusion(function, face, found);
            found = [.. found.Where(c => kept.Contains(c.Site))];
            var names = found.SelectMany(c => StagesOf(c.Site, face)).ToHashSet(StringComparer.Ordinal);
            var start = new ScheduledFunction(function, ScheduleState.Of(DefaultSchedule.Fuse(function, names.Contains), target), [], []);
            return new Attempt(start, found, [Rest(null)]);
        }, null, context);
    }

    /// <summary>What known sizes leave unread is not scheduled. A schedule names stages of its operator, so a call of which something is read stays whole.</summary>
    private static LoopFunction WithoutUnread(Operator op, LoopFunction plain)
    {
        var dropped = ConditionalNests.DropUnread(plain, _ => false);
        if (ReferenceEquals(dropped, plain)) return plain;
        var left = InterfaceBuilder.Build(op, dropped).Stages.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var face = InterfaceBuilder.Build(op, plain);
        var kept = op.Calls.Select(c => StagesOf(c, face)).Where(s => s.Any(left.Contains)).SelectMany(s => s).ToHashSet(StringComparer.Ordinal);
        return ConditionalNests.DropUnread(plain, kept.Contains);
    }

    private AppliedSchedule ApplyWithCalls(
        ElaboratedSchedule own, Operator op, LoopFunction plain, CpuTarget cpu, IReadOnlyDictionary<DimSymbol, long>? sizes, StepContext context, CheckingBudget? budget)
    {
        var face = InterfaceBuilder.Build(op, plain);
        var rest = own.Directives.Where(d => d.Primitive.Name == "auto" && d["stage"] is null).ToImmutableArray();
        var start = ScheduleApplier.Apply(plain, cpu, [.. own.Directives.Except(rest)], context);
        if (start.IsRefused) return new(own, start);
        var mentioned = MentionedStages.Of(own.Directives, face.Stages);
        var calls = ContextOf(op, sizes, budget);
        // Without `auto()` the stages of a call whose schedule is refused are the only ones that get the default.
        return Retry(refused => new Attempt(start, CallsOf(face, sizes, mentioned, refused), rest.IsEmpty && refused.Count > 0 ? [Rest(RefusedStages(face, refused))] : rest), own, calls, context);
    }

    /// <summary>What a round begins with, the calls that it schedules, and what it ends with.</summary>
    private sealed record Attempt(ScheduledFunction Start, ImmutableArray<CalledSchedule> Calls, ImmutableArray<Directive> Rest);

    // A call whose schedule is refused gets the default as a whole, so the round is done again without it; calls inside of it may have schedules then.
    private static AppliedSchedule Retry(Func<IReadOnlyDictionary<CallSite, Diagnostic>, Attempt> plan, ElaboratedSchedule? own, StepContext calls, StepContext? rest = null)
    {
        var refused = new Dictionary<CallSite, Diagnostic>(ReferenceEqualityComparer.Instance);
        while (true)
        {
            var attempt = plan(refused);
            var function = attempt.Start;
            int before = refused.Count;
            foreach (var call in attempt.Calls)
            {
                var next = call.Elaborated.HasErrors ? null : ScheduleApplier.Apply(function.State, [.. call.Steps.Where(d => !MentionedStages.IsRest(d))], calls);
                var error = (next?.Diagnostics ?? call.Elaborated.Diagnostics).FirstOrDefault(d => d.IsError);
                if (error is not null) refused.Add(call.Site, NoteOf(call, error));
                else function = Join(function, next!, withWarnings: false);
            }
            if (refused.Count > before) continue;
            foreach (var d in attempt.Calls.SelectMany(c => c.Steps).Where(MentionedStages.IsRest)) function = Join(function, ScheduleApplier.Apply(function.State, [d], calls), withWarnings: false);
            if (!attempt.Rest.IsEmpty) function = Join(function, ScheduleApplier.Apply(function.State, attempt.Rest, rest ?? calls), withWarnings: rest is not null);
            return new(own, function) { Calls = attempt.Calls, Notes = [.. refused.Values] };
        }
    }

    private static ScheduledFunction Join(ScheduledFunction first, ScheduledFunction then, bool withWarnings) => first with
    {
        State = then.State, Steps = first.Steps.AddRange(then.Steps), Refused = first.Refused.AddRange(then.Refused),
        Diagnostics = first.Diagnostics.AddRange(then.Diagnostics.Where(d => d.IsError || withWarnings)),
    };

    private static Diagnostic NoteOf(CalledSchedule call, Diagnostic error) =>
        Diagnostic.Create(SessionDiagnostics.CalledScheduleLeftOut, call.Site.Span, call.Site.Name, call.Site.Callee.Name, call.Schedule.Name.Text, error.Message)
            is var note && error.Span is { } line ? note.WithLabel(line, "refused here") : note;

    /// <summary>The calls that dispatch has a schedule for, and whose stages no other steps name.</summary>
    /// <param name="mentioned">Stages that the operator's own schedule names.</param>
    private ImmutableArray<CalledSchedule> CallsOf(OperatorInterface op, IReadOnlyDictionary<DimSymbol, long>? sizes, IEnumerable<string> mentioned, IReadOnlyDictionary<CallSite, Diagnostic> refused)
    {
        var taken = mentioned.ToHashSet(StringComparer.Ordinal);
        var found = ImmutableArray.CreateBuilder<CalledSchedule>();
        foreach (var call in CallInterface.Of(op))
        {
            var known = call.Site.SizesFor(sizes);
            // Nothing reads what it computes.
            if (!call.Stages.Any()) continue;
            if (refused.ContainsKey(call.Site) || call.Stages.Any(s => taken.Contains(s.Name)) || Choose(call.Site.Callee, known) is not { } choice) continue;
            var elaborated = ScheduleElaborator.Elaborate(choice.Schedule, call.Callee, binder(), TargetOf(choice.Schedule), known, choice.Knobs);
            found.Add(new(call.Site, elaborated, call.Carry(elaborated.Directives)));
            taken.UnionWith(MentionedStages.Of(found[^1].Steps, op.Stages));
        }
        return found.ToImmutable();
    }

    /// <summary>The calls to schedule. One without reductions that the default would fuse with what is around it is cheaper so.</summary>
    private HashSet<CallSite> KeptFromFusion(LoopFunction plain, OperatorInterface op, ImmutableArray<CalledSchedule> calls)
    {
        var before = ScheduleState.Of(plain, target).Nests;
        var stages = calls.ToDictionary(c => c.Site, c => StagesOf(c.Site, op), (IEqualityComparer<CallSite>)ReferenceEqualityComparer.Instance);
        var kept = calls.Select(c => c.Site).Where(c => !stages[c].All(s => before.Instances(before.FindNest(s)!.Value) is [var sole] && sole.Iterations.All(i => i.Kind is IterKind.Spatial)))
            .ToHashSet<CallSite>(ReferenceEqualityComparer.Instance);
        var names = kept.SelectMany(c => stages[c]).ToHashSet(StringComparer.Ordinal);
        var after = ScheduleState.Of(DefaultSchedule.Fuse(plain, names.Contains), target).Nests;
        kept.UnionWith(calls.Select(c => c.Site).Where(c => !kept.Contains(c) && IsApart(c, stages[c], before, after)));
        return kept;
    }

    // What it gives is still a tensor, and it reads the same ones as before.
    private static bool IsApart(CallSite call, ImmutableArray<string> stages, NestTable before, NestTable after)
    {
        var own = call.Computed.Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        var results = call.Callee.Results.Select(r => call.Tensors[r.Name]);
        return results.All(r => stages.Any(s => s == r && after.FindNest(s) is not null)) && Read(before).SetEquals(Read(after));

        HashSet<string> Read(NestTable nests) =>
            [.. stages.Select(nests.FindNest).OfType<int>().SelectMany(n => nests[n].BuffersRead()).Select(b => b.Name).Where(b => !own.Contains(b))];
    }

    private static ImmutableArray<string> StagesOf(CallSite site, OperatorInterface op)
    {
        var tensors = site.Computed.Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        return [.. op.Stages.Where(s => tensors.Contains(s.Tensor) || s.Owner is { } owner && tensors.Contains(owner)).Select(s => s.Name)];
    }

    private static Lang.Schedules.ListValue RefusedStages(OperatorInterface op, IReadOnlyDictionary<CallSite, Diagnostic> refused) =>
        new([.. CallInterface.Of(op).Where(c => refused.ContainsKey(c.Site)).SelectMany(c => c.Stages).Distinct().Select(s => new StageValue(new(s.Name, s, s.Span)))]);

    /// <summary>The default for what is left, or for some stages.</summary>
    private static Directive Rest(Lang.Schedules.ListValue? stages)
    {
        var arguments = ImmutableDictionary<string, DirectiveArgument>.Empty;
        var rest = new Directive(Vocabulary.Find("auto")!, null, null, stages is null ? arguments : arguments.Add("stage", new(stages, null)), []) { Text = "" };
        return rest with { Text = DirectiveText.Of(rest) };
    }

    // A step that is neither proved nor refused is checked where it is done: what holds of the callee alone may not hold of its stages in a caller.
    private StepContext ContextOf(Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes, CheckingBudget? budget) =>
        new(_prover, budget is null || evidence is null ? null : new ClaimChecker(new()
        {
            Time = budget.Step, Kept = evidence, Admits = s => sizes is not null || IsAdmitted(op, SizesOf(op, s)), Scope = ProgramPrinter.Print(op), Numbers = NumbersIn(op.Requires.Select(Terms.Print)),
            Test = budget.MayTest ? (f, choices) => _tester.Value.Test(op, sizes, f, choices) : null, Help = d => HelpFor(d, budget),
        })) { Cancellation = Cancellation };
}
