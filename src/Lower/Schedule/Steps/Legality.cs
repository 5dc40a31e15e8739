using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;

namespace Tx.Lower.Schedule.Steps;

/// <summary>Asks the dependence analysis, and writes refusals from its answers.</summary>
internal static class Legality
{
    /// <summary>No two iterations of a loop touch one element when one of them writes it.</summary>
    /// <param name="allowReductions">Accumulations into one element count as independent where their order is free.</param>
    /// <param name="what"><c>parallel</c>, <c>vectorised</c>.</param>
    public static Evidence RequireIndependent(ScheduleState state, LoopPlace place, Directive d, StepContext context, bool allowReductions, string what)
    {
        var result = Ask(state, place, context, allowReductions);
        if (result.IsProved) return Evidence.Proved(result.Argument);
        string loop = Names.Of(state, place.Loop.Variable);
        if (result.Witness is not { } witness)
            return Claim(result, new([place.Loop.Variable], Undecided(d, $"{loop}.{d.Primitive.Name}", result, Rfactor(state, place, result))) { HasThreads = what is not ("vectorised" or "decomposed") });
        throw new DiagnosticException(Describe(Diagnostic.Create(ScheduleRefusals.IterationsDepend, d.Span, loop, what, Meeting(state, witness), Alternatives(state, place, witness, context, allowReductions, what)), state, witness));
    }

    /// <summary>Permuting directly nested loops keeps every dependence.</summary>
    public static Evidence RequireOrder(ScheduleState state, LoopPlace first, IReadOnlyList<For> chain, ImmutableArray<Var> order, Stmt body, Directive d, StepContext context)
    {
        var result = LoopOrder.Check(chain, order, body, new DependenceContext(context.Prover, Around(first), Dims(state)));
        if (result.IsProved) return Evidence.Proved(result.Argument);
        string names = string.Join(", ", chain.Select(l => Names.Of(state, l.Variable)));
        if (result.Witness is not { } witness) return Claim(result, new([], Undecided(d, d.Text, result)));
        throw new DiagnosticException(Describe(Diagnostic.Create(ScheduleRefusals.OrderMatters, d.Span, names, Meeting(state, witness) + ", and they would change places", $"keep the order {names}"), state, witness));
    }

    public static DependenceResult Ask(ScheduleState state, LoopPlace place, StepContext context, bool allowReductions) =>
        LoopIndependence.Check(place.Loop, new DependenceContext(context.Prover, Around(place), Dims(state)), allowReductions);

    public static DependenceContext ContextOf(ScheduleState state, LoopPlace place, StepContext context) => new(context.Prover, Around(place), Dims(state));

    public static ImmutableArray<Var> Dims(ScheduleState state) => [.. state.Function.Dims.Select(d => d.Variable)];

    private static ImmutableArray<Stmt> Around(LoopPlace place) => [.. place.Path.Where(s => s is For or LetStmt or If)];

    // Updates that meet where the data says so can be done in any order, each iteration into a result of its own.
    private static string? Rfactor(ScheduleState state, LoopPlace place, DependenceResult result) =>
        result.Undecided is var (first, second) && ReferenceEquals(first.Instance, second.Instance) && first.Instance is { } i && Primitives.Rfactor.IsPossible(i, place.Loop)
            ? $"give each iteration a result of its own: `{Names.OfStage(i.Name)}.rfactor({Names.Of(state, place.Loop.Variable)})`" : null;

    // Runs at reduced sizes say nothing about other data.
    private static Evidence Claim(DependenceResult result, StepClaim claim) => result.DependsOnData ? throw new DiagnosticException(claim.Refusal) : Evidence.Claimed(claim);

    private static Diagnostic Undecided(Directive d, string step, DependenceResult result, string? help = null)
    {
        var refusal = Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, step, result.Argument, help ?? (result.Argument.Contains("data", StringComparison.Ordinal) ? "leave this line out: the iterations run in order" : "name the sizes with `when`, or leave this line out"));
        if (result.Undecided is var (first, second))
        {
            refusal = refusal with { Message = $"{refusal.Message}: the {first} and the {second} may meet" };
            refusal = StepContext.About(StepContext.About(refusal, first.Instance, "one of them"), second.Instance, "the other");
        }
        return refusal;
    }

    // "iteration (n = 0) writes `Y[0]`, which iteration (n = 1) reads"
    private static string Meeting(ScheduleState state, DependenceWitness w)
    {
        var (writer, reader, at, later) = w.First.IsWrite ? (w.First, w.Second, w.FirstPoint, w.SecondPoint) : (w.Second, w.First, w.SecondPoint, w.FirstPoint);
        string verb = reader.IsWrite || reader.IsAccumulation ? writer.IsAccumulation ? "updates too" : "writes too" : "reads";
        return $"iteration ({Describe(state, at)}) {(writer.IsAccumulation ? "updates" : "writes")} `{w.Buffer.Name}[{string.Join(", ", w.Element)}]`, which iteration ({Describe(state, later)}) {verb}";
    }

    // Loops of one name are told apart by their stages.
    private static string Describe(ScheduleState state, ImmutableArray<(Var Variable, long Value)> values) =>
        values.Select(v => v.Variable.Name).Distinct().Count() == values.Length ? DependenceWitness.Describe(values)
        : string.Join(", ", values.Select(v => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Names.Of(state, v.Variable)} = {v.Value}")));

    private static Diagnostic Describe(Diagnostic d, ScheduleState state, DependenceWitness w)
    {
        d = StepContext.About(StepContext.About(d, w.First.Instance, "computed here"), w.Second.Instance, "and needed here");
        return w.Around.IsEmpty ? d : d.WithWitness($"for {Describe(state, w.Around)}: {Meeting(state, w)}");
    }

    // What can be done instead: another loop of the nest, or results of their own for the iterations of a reduction.
    private static string Alternatives(ScheduleState state, LoopPlace place, DependenceWitness witness, StepContext context, bool allowReductions, string what)
    {
        var nest = state.Nests[place.Nest];
        var others = LoopPlace.LoopsIn(nest).Where(l => l.Kind is LoopKind.Serial && !ReferenceEquals(l, place.Loop) && l.Extent is not IntImm { Value: <= 1 })
            .Where(l => Ask(state, LoopPlace.Find(nest, l.Variable, place.Nest), context, allowReductions).IsProved).Select(l => $"`{Names.Of(state, l.Variable)}`").Distinct().ToList();
        bool reduces = witness.First.IsAccumulation && witness.First.Instance is { Reassociate: true } i && i.Iterations.Any(it => it.Kind is not IterKind.Spatial && it.Binding.UsesVar(place.Loop.Variable));
        string factored = reduces ? $"give each iteration a result of its own: `{Names.OfStage(witness.First.Instance!.Name)}.rfactor({Names.Of(state, place.Loop.Variable)})`" : "";
        string free = others.Count == 0 ? "" : $"{string.Join(", ", others)} can be {what}";
        return factored.Length > 0 && free.Length > 0 ? $"{free}; or {factored}" : factored + free is { Length: > 0 } some ? some : "leave this line out: the iterations run in order";
    }
}
