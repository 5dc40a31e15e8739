using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>What <see cref="Pipeline"/> and <see cref="DoubleBuffer"/> share: caches that a loop's body fills get several copies, and are filled some iterations
/// ahead. An instance fills a cache when it alone writes that buffer and reads nothing that the loop's body writes; so it may run earlier, and
/// a copy is free again when the iteration that reads it has ended. What is ahead of the last iteration lies outside of the fill's domain.</summary>
internal static class FillAhead
{
    /// <summary>The caches that a loop's body fills.</summary>
    public static ImmutableArray<string> FillsIn(For loop, ImmutableArray<Stmt> path)
    {
        var (allocated, statements) = Flatten(loop.Body);
        allocated.AddRange(path.OfType<Allocate>().Select(a => a.Buffer).Where(b => b.Scope is MemoryScope.Shared));
        var all = LoopPlace.InstancesIn(loop.Body).ToList();
        // A shared cache that is filled ahead already is filled outside of the loop, too.
        if (!path.IsEmpty) allocated.RemoveAll(b => LoopPlace.InstancesIn(path[0]).Any(i => !all.Contains(i) && i.Body.BuffersWritten().Contains(b)));
        var written = all.SelectMany(i => i.Body.BuffersWritten().Concat(i.Init is null ? [] : i.Init.BuffersWritten())).ToHashSet();
        var effects = new EffectBuffers();
        effects.Visit(loop.Body);
        return [.. statements.Where(s => LoopPlace.InstancesIn(s).ToList() is [{ Init: null, HasReduction: false } i] && i.Body.BuffersWritten() is [var b] && allocated.Contains(b)
                && !effects.Buffers.Contains(b) && !all.Exists(o => !ReferenceEquals(o, i) && o.Body.BuffersWritten().Contains(b)) && !i.Body.BuffersRead().Any(written.Contains)
                && all.Exists(o => o.Body.BuffersRead().Contains(b)))
            .Select(s => LoopPlace.InstancesIn(s).First().Name)];
    }

    public static StepResult Apply(ScheduleState state, LoopPlace place, ImmutableArray<string> fills, long copies)
    {
        var (loop, nest) = (place.Loop, state.Nests[place.Nest]);
        var dims = state.Function.Dims.Select(x => x.Variable).ToArray();
        var around = place.Around.Add(loop);
        var (allocated, statements) = Flatten(loop.Body);
        var stages = fills.Select(name => NestPath.FindInstance(nest, name).Body.BuffersWritten()[0])
            .ToDictionary(b => b, b => new Buffer(b.Name, b.Type, b.Shape.Insert(0, Expr.Index(copies)), b.Role, b.Scope, null, b.Device, b.Memory));

        var (prologue, ahead, rest) = (new List<Stmt>(), new List<Stmt>(), new List<Stmt>());
        var step = Var.Index(loop.Variable.Name + "p");
        // What a fused loop divides by may be 0 where the loop has no iteration: then none is filled.
        bool mayTrap = statements.Any(MayTrap), isOnce = copies == 2 && !mayTrap;
        foreach (var s in statements)
        {
            if (LoopPlace.InstancesIn(s).ToList() is [var fill] && fills.Contains(fill.Name))
            {
                var staged = NestPath.ReplaceInstance(s, fill.Name, i => Staged(i, around.AddRange(LoopPlace.LoopsIn(s)), loop, stages, dims, isFill: true));
                ahead.Add(staged.Substitute(loop.Variable, loop.Variable + (copies - 1)));
                var first = Instantiate.Copy(staged, loop.Variable, isOnce ? loop.Min : loop.Min + step);
                prologue.Add(NestPath.ReplaceInstance(first, fill.Name, i => i.With(name: state.UniqueName(fill.Name + ".first"))));
            }
            // The barriers of these caches are replaced by one at the start of an iteration: it ends the fills of earlier ones, and their reads.
            else if (s is Effect { Kind: EffectKind.Barrier } x && stages.Keys.Any(b => b.Name == x.Name)) continue;
            else rest.Add(UseStages(s, around, loop, stages, dims));
        }
        Stmt start = Block.Of(prologue);
        if (!isOnce) start = new For(step, Expr.Index(0), mayTrap ? Expr.Min(loop.Extent, Expr.Index(copies - 1)) : Expr.Index(copies - 1), LoopKind.Serial, start, null, loop.Origin);
        Stmt body = Block.Of(ahead.Concat(rest));
        foreach (var b in Enumerable.Reverse(allocated))
            if (!stages.ContainsKey(b)) body = new Allocate(b, body);
        if (stages.Keys.FirstOrDefault(b => b.Scope is MemoryScope.Shared) is { } shared)
        {
            body = Block.Of(DeviceSteps.Barrier(shared), body);
            start = Block.Of(DeviceSteps.Barrier(shared), start);
        }
        nest = NestPath.ReplaceLoop(nest, loop.Variable, l =>
        {
            Stmt result = Block.Of(start, l.WithBody(body));
            foreach (var b in Enumerable.Reverse(allocated))
                if (stages.TryGetValue(b, out var staged)) result = new Allocate(staged, result);
            return result;
        });
        // Shared caches are allocated further out.
        nest = new Reallocation(stages).Visit(nest);
        return new(state.Replace(place.Nest, nest).Touch(place.Instances.Select(i => i.Name)), Evidence.Proved("a fill reads nothing that the iterations before it write"));
    }

    private static bool MayTrap(Stmt s)
    {
        var none = new NonZeroDivisors();
        return LoopPlace.InstancesIn(s).Any(i => i.Iterations.Any(it => none.CanTrap(it.Binding))) || LoopPlace.LoopsIn(s).Any(f => none.CanTrap(f.Min) || none.CanTrap(f.Extent));
    }

    private static Stmt UseStages(Stmt s, ImmutableArray<For> around, For loop, Dictionary<Buffer, Buffer> stages, Var[] dims) => s switch
    {
        Block b => Block.Of(b.Statements.Select(x => UseStages(x, around, loop, stages, dims)).ToList()),
        For f => f.WithBody(UseStages(f.Body, around.Add(f), loop, stages, dims)),
        Allocate a => new Allocate(a.Buffer, UseStages(a.Body, around, loop, stages, dims), a.Origin),
        LetStmt l => new LetStmt(l.Variable, l.Value, UseStages(l.Body, around, loop, stages, dims), l.Origin),
        If i => new If(i.Condition, UseStages(i.Then, around, loop, stages, dims), i.Else is null ? null : UseStages(i.Else, around, loop, stages, dims), i.Origin),
        Instance i when i.Body.BuffersRead().Any(stages.ContainsKey) => Staged(i, around, loop, stages, dims, isFill: false),
        _ => s,
    };

    // Adds the copy's number to every access. A fill happens only for iterations that the loop has.
    private static Instance Staged(Instance i, ImmutableArray<For> loops, For loop, Dictionary<Buffer, Buffer> stages, Var[] dims, bool isFill)
    {
        var points = new PointSpace(i, loops, dims);
        var (start, point) = (points.FromLoops(loop.Min), points.Point(loop.Variable));
        var copies = stages.Values.First().Shape[0];
        var body = new StageAccess(stages, points.Simplify(Expr.Make(BinaryOp.Mod, point - start, copies))).Visit(i.Body);
        var end = start + points.FromLoops(loop.Extent);
        var iterations = points.With(isFill ? [.. body.FreeVars(), point, .. start.FreeVars(), .. end.FreeVars()] : body.FreeVars());
        if (isFill)
        {
            int own = iterations.Select(it => it.Variable).ToList().IndexOf(point);
            bool isOwn = i.Iterations.Any(it => ReferenceEquals(it.Variable, point));
            if (isOwn && !(StructuralComparer.Equal(iterations[own].Start, start) && StructuralComparer.Equal(iterations[own].End, end)))
                iterations = iterations.Add(new(Var.Index(point.Name), start, end, IterKind.Spatial, loop.Variable));
            else iterations = iterations.SetItem(own, iterations[own] with { Start = start, End = end });
        }
        return new(i.Name, iterations, Regions.Read(i.Init, body), Regions.Written(i.Init, body), i.Init, body, i.Reassociate, i.Origin);
    }

    private static (List<Buffer> Allocated, List<Stmt> Statements) Flatten(Stmt body)
    {
        var (allocated, statements) = (new List<Buffer>(), new List<Stmt>());
        Visit(body);
        return (allocated, statements);

        void Visit(Stmt s)
        {
            switch (s)
            {
                case Allocate a:
                    allocated.Add(a.Buffer);
                    Visit(a.Body);
                    break;
                case Block b:
                    foreach (var x in b.Statements) Visit(x);
                    break;
                default:
                    statements.Add(s);
                    break;
            }
        }
    }

    private sealed class StageAccess(Dictionary<Buffer, Buffer> stages, Expr copy) : Rewriter
    {
        protected override Expr VisitLoad(Load l)
        {
            var visited = (Load)base.VisitLoad(l);
            return stages.TryGetValue(l.Buffer, out var staged) ? new Load(staged, visited.Indices.Insert(0, copy), visited.Predicate) : visited;
        }

        protected override Stmt VisitStore(Store s)
        {
            var visited = (Store)base.VisitStore(s);
            return stages.TryGetValue(s.Buffer, out var staged) ? new Store(staged, visited.Indices.Insert(0, copy), visited.Value, visited.Predicate, s.NonTemporal, s.Origin) : visited;
        }
    }

    private sealed class Reallocation(Dictionary<Buffer, Buffer> stages) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstance(Instance i) => i;

        protected override Stmt VisitAllocate(Allocate a) => new Allocate(stages.GetValueOrDefault(a.Buffer, a.Buffer), Visit(a.Body), a.Origin);
    }

    private sealed class EffectBuffers : Walker
    {
        public HashSet<Buffer> Buffers { get; } = [];

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Effect x) Buffers.UnionWith(x.Buffers);
            base.Visit(s);
        }
    }
}
