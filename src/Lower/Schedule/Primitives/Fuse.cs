using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i in 0..n { for j in 0..m { S(i, j) } }   →   for f in 0..n * m { S(f / m, f % m) }
/// </code>
/// The order of the iterations stays. The loops must be directly nested, and the inner extent must not use the outer variable.
/// </summary>
public static class Fuse
{
    public static (Stmt Nest, Var Fused) Apply(Stmt nest, Var outer, Var inner, string? name = null)
    {
        var fused = Var.Index(name ?? outer.Name + inner.Name);
        var result = NestPath.ReplaceLoop(nest, outer, o =>
        {
            if (o.Body is not For i || !ReferenceEquals(i.Variable, inner)) throw new CompilerBugException("fuse", $"{inner.Name} is not directly inside {outer.Name}");
            if (o.Kind is not LoopKind.Serial || i.Kind is not LoopKind.Serial) throw new CompilerBugException("fuse", "a marked loop");
            if (Analysis.Uses.UsesVar(i.Extent, outer) || Analysis.Uses.UsesVar(i.Min, outer)) throw new CompilerBugException("fuse", $"the range of {inner.Name} uses {outer.Name}");
            // Where the inner loop is empty nothing runs, but an expression that is moved out of the loop must not divide by 0.
            var count = i.Extent is IntImm { Value: <= 0 } ? Expr.Index(1) : i.Extent;
            var body = i.Body.Substitute(new Dictionary<Var, Expr> { [outer] = o.Min + fused / count, [inner] = i.Min + fused % count });
            return new For(fused, Expr.Index(0), o.Extent * i.Extent, LoopKind.Serial, body, null, o.Origin);
        });
        return (result, fused);
    }

    /// <summary>Fuses directly nested loops, outermost first, into one.</summary>
    public static (Stmt Nest, Var Fused) All(Stmt nest, IReadOnlyList<Var> loops)
    {
        var fused = loops[0];
        for (int n = 1; n < loops.Count; n++) (nest, fused) = Apply(nest, fused, loops[n]);
        return (nest, fused);
    }

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var first = context.Place(state, d);
        var handles = d.List<LoopValue>("loops").Select(v => v.Loop).Prepend(d.Loop).ToImmutableArray();
        ImmutableArray<Var> loops = d.Has("loops") ? [first.Loop.Variable, .. handles.Skip(1).Select(h => context.Place(state, h, d.SpanOf("loops")).Loop.Variable)] : PackOf(state, d, first);
        if (loops.Length <= 1 && !IsPack(d))
            throw StepContext.Refuse(ScheduleRefusals.WrongStage, d.Span, "fuse", d.Loop.Name, "it is one loop", $"name the loops directly inside of it: `{d.Loop.Name}.fuse(…)`");
        var inside = first.Loop;
        for (int n = 0; ; n++)
        {
            string name = n < handles.Length ? handles[n].Name : Names.Of(state, inside.Variable);
            if (inside.Kind is not LoopKind.Serial) throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, name, LoopWords.Of(inside.Kind), "fused", LoopWords.Directive(inside.Kind));
            if (n + 1 == loops.Length) break;
            string next = n + 1 < handles.Length ? handles[n + 1].Name : Names.Of(state, loops[n + 1]);
            if (inside.Body is not For f || !ReferenceEquals(f.Variable, loops[n + 1]))
                throw StepContext.Refuse(ScheduleRefusals.NotNested, d.Span, next, name, inside.Body is For between && LoopPlace.LoopsIn(between).Any(x => ReferenceEquals(x.Variable, loops[n + 1]))
                    ? $"reorder them first, so that `{next}` comes right after `{name}`" : "fuse only loops of one nest with nothing between them");
            if (f.Min.UsesAny(loops.Contains) || f.Extent.UsesAny(loops.Contains)) throw StepContext.Refuse(ScheduleRefusals.RangeDepends, d.Span, next, name);
            inside = f;
        }
        if (loops.Length == 1) return StepResult.WithoutEffect(state.With(d.ResultLoop(0), loops[0]), $"`{d.Loop.Name}` is one loop here");
        RequireStarts(state, first, loops, d);
        var nest = state.Nests[first.Nest];
        var fused = loops[0];
        for (int n = 1; n < loops.Length; n++) (nest, fused) = Apply(nest, fused, loops[n], n + 1 == loops.Length ? d.ResultLoop(0).Name : null);
        return new(state.Replace(first.Nest, nest).With(d.ResultLoop(0), fused).Touch(first.Instances.Select(i => i.Name)), Evidence.Proved("the order of the iterations stays"));
    }

    // A loop over elements and over a reduction sets the initial values too, so it must run for each of the elements.
    private static void RequireStarts(ScheduleState state, LoopPlace first, ImmutableArray<Var> loops, Directive d)
    {
        foreach (var i in first.Instances.Where(i => i.Init is not null))
        {
            bool Uses(Var v, bool reduces) => i.Iterations.Any(it => it.Kind is IterKind.Reduction == reduces && it.Binding.UsesVar(v));
            if (!loops.Any(v => Uses(v, reduces: false)) || !loops.Any(v => Uses(v, reduces: true))) continue;
            // The initial value would be set once, before the fused loop, and what is done twice would be added twice.
            if (i.Iterations.Any(it => it.Kind is not IterKind.Reduction && HasMin(it.Binding)))
                throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.TailNotAllowed, d.Span, "shift", d.Loop.Name,
                    "some elements are computed twice, and the fused loop would start their reduction once"), i, "this reduction would go on with what it holds"));
            if (!loops.Any(v => Uses(v, reduces: true) && LoopPlace.Find(state.Nests[first.Nest], v, first.Nest).Loop.Extent is not IntImm { Value: >= 1 }) || !loops.Any(v => Uses(v, reduces: false))) continue;
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotDecided, d.Span, d.Text,
                "the loop would be over elements and over a reduction that may be empty", "give the sizes with `when`, or fuse loops of one kind"), i, "this reduction may be over nothing"));
        }
    }

    private static bool HasMin(Expr e) => e is Binary b && (b.Op is BinaryOp.Min || HasMin(b.Left) || HasMin(b.Right));

    private static bool IsPack(Directive d) => d.Loop is { Stage.Entry: { } entry, Index: { } pack } && entry.Indices.Any(i => i.Pack == pack);

    // All loops that a pack of indices has become.
    private static ImmutableArray<Var> PackOf(ScheduleState state, Directive d, LoopPlace first)
    {
        if (d.Loop is not { Stage: { } stage, Index: { } pack } || stage.Entry is not { } entry) return [first.Loop.Variable];
        var instance = state.FindInstance(stage);
        return instance is null ? [first.Loop.Variable] : [.. entry.Indices.Where(i => i.Pack == pack).Select(i => state.LoopOf(instance, i.Name)).OfType<Var>()];
    }
}
