using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>What the primitives that mark a loop share.</summary>
internal static class Marking
{
    public static void RequireSerial(For loop, Directive d, string what)
    {
        if (loop.Kind is not LoopKind.Serial)
            throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, d.Loop.Name, LoopWords.Of(loop.Kind), what, LoopWords.Directive(loop.Kind));
    }

    /// <param name="touches">What is inside is scheduled now, and <c>auto()</c> leaves it alone.</param>
    public static StepResult Mark(ScheduleState state, LoopPlace place, LoopKind kind, Evidence evidence, bool touches = true)
    {
        var nest = NestPath.ReplaceLoop(state.Nests[place.Nest], place.Loop.Variable, f => Primitives.Mark.Marked(f, kind));
        if (kind is LoopKind.Vectorized or LoopKind.Unrolled) nest = MarkMirrors(state, nest, place.Loop.Variable, kind);
        return new(state.Replace(place.Nest, nest).Touch(touches ? place.Instances.Select(i => i.Name) : []), evidence);
    }

    /// <summary>The loops that start and copy the tile which a loop runs over take its mark.</summary>
    public static Stmt MarkMirrors(ScheduleState state, Stmt nest, Var loop, LoopKind kind) =>
        state.Mirrors.TryGetValue(loop, out var mirrors) ? mirrors.Aggregate(nest, (n, mirror) => MarkMirror(n, mirror, kind)) : nest;

    // It starts or copies one element of a tile in each iteration, so any mark is legal; a vector holds no other.
    private static Stmt MarkMirror(Stmt nest, Var mirror, LoopKind kind)
    {
        if (LoopPlace.LoopsIn(nest).FirstOrDefault(f => ReferenceEquals(f.Variable, mirror)) is not { Kind: LoopKind.Serial, Extent: IntImm { Value: > 1 } } loop) return nest;
        if (kind is LoopKind.Vectorized && LoopPlace.Find(nest, mirror, 0).Around.Concat(LoopPlace.LoopsIn(loop.Body)).Any(f => f.Kind is LoopKind.Vectorized)) return nest;
        return NestPath.ReplaceLoop(nest, mirror, f => f.WithKind(kind));
    }

    /// <summary>Splits by the factor of <c>vectorize(8)</c>: the inner loop is what is marked, the outer one is the result.</summary>
    public static (ScheduleState, LoopPlace) SplitBy(ScheduleState state, LoopPlace place, Directive d)
    {
        if (d.Integer("factor") is not { } factor) return (state, place);
        string name = place.Loop.Variable.Name;
        (var nest, var outer, var inner) = Split.Apply(TailGuard.Apply(state.Nests[place.Nest], place.Loop.Variable, factor, Legality.Dims(state)), place.Loop.Variable, factor, SplitTail.Guard,
            (d.Results.Length > 0 ? d.ResultLoop(0).Name : name + "o", name + "i"));
        state = state.Replace(place.Nest, nest);
        if (d.Results.Length > 0) state = state.With(d.ResultLoop(0), outer);
        return (state, LoopPlace.Find(nest, inner, place.Nest));
    }

    public static DiagnosticException NotConstant(For loop, Directive d, string what, string directive) =>
        StepContext.Refuse(ScheduleRefusals.ExtentNotConstant, d.Span, d.Loop.Name, what, $"`{loop.Extent}`", directive);

    public static string Times(For loop) => loop.Extent is IntImm { Value: 0 } ? "no time" : "once";
}
