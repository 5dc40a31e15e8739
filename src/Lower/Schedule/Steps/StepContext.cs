using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>What a step gives: the function after it, and why it is right.</summary>
/// <param name="NoEffect">Why it changed nothing.</param>
public sealed record StepResult(ScheduleState State, Evidence Evidence, string? NoEffect = null)
{
    public static StepResult WithoutEffect(ScheduleState state, string why) => new(state, Evidence.Proved("nothing is changed"), why);
}

/// <summary>A primitive: a pure function from one correct function to another that computes the same.</summary>
/// <exception cref="DiagnosticException">The step is refused; nothing is changed.</exception>
public delegate StepResult PrimitiveRule(ScheduleState state, Directive directive, StepContext context);

/// <summary>What the steps of one schedule share: the prover, and how refusals are written.</summary>
/// <param name="checker">Decides what is neither proved nor refuted; null: that is refused.</param>
public sealed class StepContext(Dependence.NestProver prover, IClaimChecker? checker = null)
{
    public Dependence.NestProver Prover { get; } = prover;
    /// <summary>Looked at before each step.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Evidence that leaves nothing open.</summary>
    /// <exception cref="DiagnosticException">What is claimed is wrong, or is not checked.</exception>
    internal Evidence Settle(Evidence evidence, Directive d, ScheduleState before, ScheduleState after) =>
        evidence.Claim is not { } claim ? evidence : checker?.Decide(claim, d, before, after) ?? throw new DiagnosticException(claim.Refusal);

    /// <summary>The loop that a directive is about, with its nest and the loops around.</summary>
    /// <exception cref="DiagnosticException">It is gone.</exception>
    public LoopPlace Place(ScheduleState state, LoopHandle handle, SourceSpan? span)
    {
        if (state.FindLoop(handle) is not { } loop)
            throw handle is { Stage: { } stage } && state.FindInstance(stage) is null ? Refuse(ScheduleRefusals.StageGone, span, stage.Name) : Refuse(ScheduleRefusals.LoopGone, span, handle.Name);
        int nest = state.Nests.FindNest(loop)!.Value;
        return LoopPlace.Find(state.Nests[nest], loop, nest);
    }

    public LoopPlace Place(ScheduleState state, Directive d) => Place(state, d.Loop, d.Span);

    /// <summary>The instance that a stage handle means.</summary>
    /// <exception cref="DiagnosticException">It computes nothing (a parameter), or is gone.</exception>
    public Instance Instance(ScheduleState state, StageHandle stage, SourceSpan? span) =>
        state.FindInstance(stage) ?? throw Refuse(ScheduleRefusals.StageGone, span, stage.Name);

    public static DiagnosticException Refuse(DiagnosticDescriptor descriptor, SourceSpan? span, params object?[] arguments) =>
        new(Diagnostic.Create(descriptor, span, arguments));

    /// <summary>Adds the equation that an instance comes from.</summary>
    public static Diagnostic About(Diagnostic d, Instance? instance, string text) =>
        instance?.Origin?.Equation is { } equation && !d.Labels.Any(l => l.Span == equation) ? d.WithLabel(equation, text) : d;
}

/// <summary>A loop in its nest.</summary>
/// <param name="Nest">The nest's number.</param>
/// <param name="Path">The statements from the nest's root down to the loop, without it.</param>
public sealed record LoopPlace(int Nest, For Loop, ImmutableArray<Stmt> Path)
{
    /// <summary>The loops around, outermost first.</summary>
    public ImmutableArray<For> Around => [.. Path.OfType<For>()];

    public static LoopPlace Find(Stmt root, Var loop, int nest)
    {
        var path = new List<Stmt>();
        return Descend(root) is { } found ? new(nest, found, [.. path]) : throw new CompilerBugException("schedule", $"no loop {loop.Name}");

        For? Descend(Stmt s)
        {
            if (s is For f && ReferenceEquals(f.Variable, loop)) return f;
            path.Add(s);
            var found = s switch
            {
                Block b => b.Statements.Select(Descend).FirstOrDefault(x => x is not null),
                For x => Descend(x.Body),
                Allocate a => Descend(a.Body),
                LetStmt l => Descend(l.Body),
                If i => Descend(i.Then) ?? (i.Else is null ? null : Descend(i.Else)),
                _ => null,
            };
            if (found is null) path.RemoveAt(path.Count - 1);
            return found;
        }
    }

    /// <summary>The instances inside of the loop.</summary>
    public ImmutableArray<Instance> Instances => [.. InstancesIn(Loop.Body)];

    public static IEnumerable<Instance> InstancesIn(Stmt s) => s switch
    {
        Instance i => [i],
        Block b => b.Statements.SelectMany(InstancesIn),
        For f => InstancesIn(f.Body),
        Allocate a => InstancesIn(a.Body),
        LetStmt l => InstancesIn(l.Body),
        If i => i.Else is null ? InstancesIn(i.Then) : InstancesIn(i.Then).Concat(InstancesIn(i.Else)),
        _ => [],
    };

    /// <summary>The loops inside, in the order of the text.</summary>
    public static IEnumerable<For> LoopsIn(Stmt s) => s switch
    {
        For f => LoopsIn(f.Body).Prepend(f),
        Block b => b.Statements.SelectMany(LoopsIn),
        Allocate a => LoopsIn(a.Body),
        LetStmt l => LoopsIn(l.Body),
        If i => i.Else is null ? LoopsIn(i.Then) : LoopsIn(i.Then).Concat(LoopsIn(i.Else)),
        _ => [],
    };
}
