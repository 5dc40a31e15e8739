using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>The step around <see cref="CacheWrite"/>. It is legal where the tile holds all that the loop's body computes of the tensor (the loops inside run over elements
/// or the reduction, and no other stage there reads or writes the tensor), and where computing a point outside of the domain does no harm: nothing there can fail.
/// The result names the computing nest; the receiver is from then on the copy, whose loops are <c>C.ii</c> and so on.</summary>
public static class CacheWriteStep
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var compute = context.Instance(state, d.Stage, d.Span);
        if (d["at"] is not LoopValue { Loop: var handle }) throw Refuse(d, "root", "a tile is computed inside of a loop", "name a loop: `at = …`", null, "at");
        var at = context.Place(state, handle, d.SpanOf("at"));
        string place = handle.Name;
        var nest = state.Nests[at.Nest];
        if (state.Nests.FindNest(compute.Name) != at.Nest || NestPath.LoopsAround(nest, compute.Name) is var loops && !loops.Any(l => ReferenceEquals(l.Variable, at.Loop.Variable)))
            throw Refuse(d, place, $"`{d.Stage.Name}` is not computed inside of that loop", $"name a loop around `{d.Stage.Name}`", compute, "at");
        var scope = d.Word("memory") switch
        {
            "global" => MemoryScope.Global, "register" => MemoryScope.Register,
            "shared" => throw Refuse(d, place, "a tile belongs to the agent that computes it", "use `local` or `register` memory", null, "memory"),
            _ => MemoryScope.Local,
        };
        int depth = loops.Select(l => l.Variable).ToList().IndexOf(at.Loop.Variable) + 1;
        RequireTile(state, d, compute, at, loops, depth, place);
        var inside = loops[depth..].Where(l => !Reduces(compute, l)).ToList();
        if (scope is MemoryScope.Register && inside.FirstOrDefault(l => NestPath.MaxExtent(l) is null) is { } varying)
            throw Refuse(d, place, $"registers have a fixed number, and `{Names.Of(state, varying.Variable)}` runs `{varying.Extent}` times", $"split `{Names.Of(state, varying.Variable)}` first, or use `local` memory", compute, "memory");

        // A kernel for all sizes plans its storage from the sizes alone.
        var dims = state.Function.Dims.Select(x => x.Variable).ToHashSet();
        if (dims.Count > 0 && inside.FirstOrDefault(l => NestPath.MaxExtent(l) is null && !l.Extent.FreeVars().All(dims.Contains)) is { } moving)
            throw Refuse(d, place, $"`{Names.Of(state, moving.Variable)}` runs `{moving.Extent}` times, which is not known from the sizes", $"split `{Names.Of(state, moving.Variable)}`, and take the outer loop", compute);

        TileLayout? layout = null;
        if (d["layout"] is LayoutValue map)
        {
            if (scope is MemoryScope.Register) throw Refuse(d, place, "registers do not lie in memory", "use `local` memory, or leave `layout` out", null, "layout");
            layout = TileLayout.Require(state, d, context, compute, loops, [.. inside], map);
        }
        string copy = compute.Name + ".copy";
        var result = CacheWrite.Apply(nest, compute.Name, at.Loop.Variable, scope, [.. state.Function.Dims.Select(x => x.Variable)], n =>
        {
            string unique = UniqueTileName(state, nest, n);
            if (n == compute.Name + ".copy") copy = unique;
            return unique;
        }, layout);
        // The registers of a tile need constant indices wherever it is used, so its start and its copy take the marks of the loops that compute it.
        if (scope is MemoryScope.Register)
            state = state with { Mirrors = state.Mirrors.SetItems(result.TileLoops.Select((v, n) => KeyValuePair.Create(v, ImmutableArray.Create(result.StartLoops[n], result.CopyLoops[n])))) };
        return new(state.Replace(at.Nest, result.Nest).With(d.ResultStage(0), compute.Name).With(d.Stage, copy).Touch(compute.Name, copy),
            layout is null ? Evidence.Proved("the tile holds what the loop's body computes") : layout.Evidence & Evidence.Proved("the tile holds what the loop's body computes"));
    }

    // Buffers of a nest are not among the function's.
    private static string UniqueTileName(ScheduleState state, Stmt nest, string name)
    {
        var allocated = Allocated(nest).Select(b => b.Name).ToHashSet(StringComparer.Ordinal);
        string unique = state.UniqueName(name);
        for (int n = 2; allocated.Contains(unique); n++) unique = state.UniqueName(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}{n}"));
        return unique;
    }

    private static IEnumerable<Ir.Buffer> Allocated(Stmt s) => s switch
    {
        Allocate a => Allocated(a.Body).Prepend(a.Buffer),
        Block b => b.Statements.SelectMany(Allocated),
        For f => Allocated(f.Body),
        LetStmt l => Allocated(l.Body),
        If i => i.Else is null ? Allocated(i.Then) : Allocated(i.Then).Concat(Allocated(i.Else)),
        _ => [],
    };

    private static bool Reduces(Instance i, For l) => i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(l.Variable));

    private static void RequireTile(ScheduleState state, Directive d, Instance compute, LoopPlace at, ImmutableArray<For> loops, int depth, string place)
    {
        const string other = "choose another loop";
        var own = compute.Body.BuffersWritten();
        if (compute.Init is null && compute.HasReduction) throw Refuse(d, place, "its start stands elsewhere: it is cached or decomposed already", "cache it once, before other steps take its start away", compute);
        if (compute.Init is null && compute.Body.BuffersRead().Any(own.Contains)) throw Refuse(d, place, "it reads what it writes", "cache a stage that does not", compute);
        if (TileLoops.In(compute).Count > 0) throw Refuse(d, place, "an instruction computes it", "cache it before it is tensorized", compute);
        if (Stores(compute.Body).Any(s => s.Predicate is not null)) throw Refuse(d, place, "it writes under a condition", other, compute);
        var facts = new Checks();
        facts.Visit(compute.Body);
        if (facts.Found) throw Refuse(d, place, "its run-time checks could fail at points that are not in its domain", "compute it without a tile", compute);
        foreach (var l in loops)
        {
            var kinds = compute.Iterations.Where(it => it.Binding.UsesVar(l.Variable) && (it.Kind is IterKind.Opaque || ReferenceEquals(it.Binding, l.Variable))).Select(it => it.Kind).Distinct().ToList();
            if (kinds.Count == 0) kinds = [.. compute.Iterations.Where(it => it.Binding.UsesVar(l.Variable)).Select(it => it.Kind).Distinct()];
            // A point of a cache may run over the loop as well; what the loop was before it was fused tells.
            if (Reduces(compute, l) && compute.Iterations.Any(it => it.Kind is not IterKind.Reduction && it.Binding.UsesVar(l.Variable) && !ReferenceEquals(it.Binding, l.Variable))) kinds = [IterKind.Spatial, IterKind.Reduction];
            if (kinds.Count > 1) throw Refuse(d, place, $"`{Names.Of(state, l.Variable)}` runs over elements and over a reduction", $"do not fuse these loops", compute);
        }
        foreach (var l in loops[depth..])
        {
            if (compute.KeepsOrderOf(l)) throw Refuse(d, place, $"the iterations of `{Names.Of(state, l.Variable)}`, inside of it, need each other", other, compute);
            if (l.Kind is LoopKind.Parallel or LoopKind.Bound or LoopKind.Virtual) throw Refuse(d, place, $"the agents of `{Names.Of(state, l.Variable)}`, inside of it, would share the tile", $"cache it inside of `{Names.Of(state, l.Variable)}`", compute, "at");
            if (l.Min is not IntImm && l.Min.FreeVars().Any(v => loops.Any(o => ReferenceEquals(o.Variable, v)))) throw Refuse(d, place, $"the range of `{Names.Of(state, l.Variable)}` starts at another loop's value", other, compute);
        }
        if (loops[..depth].FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes)
            throw Refuse(d, place, $"the iterations of `{Names.Of(state, lanes.Variable)}` are lanes of a vector", "take a loop outside of the vector", compute, "at");
        if (at.Instances.FirstOrDefault(i => i.Name != compute.Name && (i.Body.BuffersRead().Any(own.Contains) || i.Body.BuffersWritten().Any(own.Contains))) is { } user)
            throw Refuse(d, place, $"`{user.Name}`, inside of `{place}`, uses it too", $"choose a loop that does not hold `{user.Name}`", user, "at");

        var carried = loops[..depth].Where(l => Reduces(compute, l)).ToList();
        if (carried.Count == 0) return;
        var within = loops.SkipWhile(l => !ReferenceEquals(l, carried[0])).ToList();
        // The first iteration is told by the values of all these loops.
        if (carried.FirstOrDefault(l => l.Min.UsesAny(v => within.Exists(o => ReferenceEquals(o.Variable, v))) || l.Extent.UsesAny(v => within.Exists(o => ReferenceEquals(o.Variable, v)))) is { } varying)
            throw Refuse(d, place, $"how often `{Names.Of(state, varying.Variable)}` runs is different in each iteration of the reduction", "cache it outside of the reduction", compute, "at");
        if (within.Find(compute.KeepsOrderOf) is { } ordered) throw Refuse(d, place, $"the iterations of `{Names.Of(state, ordered.Variable)}`, inside of the reduction, need each other", other, compute);
    }

    private static IEnumerable<Store> Stores(Stmt s) => s switch
    {
        Store t => [t],
        Block b => b.Statements.SelectMany(Stores),
        LetStmt l => Stores(l.Body),
        If i => i.Else is null ? Stores(i.Then) : Stores(i.Then).Concat(Stores(i.Else)),
        _ => [],
    };

    private static DiagnosticException Refuse(Directive d, string place, string why, string help, Instance? about, string? parameter = null) =>
        new(StepContext.About(CacheReadStep.Refuse(d, place, why, help, parameter).Diagnostics[0], about, "computed here"));

    private sealed class Checks : Walker
    {
        public bool Found { get; private set; }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            Found |= s is Check;
            base.Visit(s);
        }
    }
}
