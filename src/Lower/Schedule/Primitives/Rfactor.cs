using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { for ko { for ki { C: init { C[i] = 0 } C[i] += S(i, ko, ki) } } }
///   →  for i { for ko { for ki { part: init { part[ko, i] = 0 } part[ko, i] += S(i, ko, ki) } } }
///      for i { for ko { C: init { C[i] = 0 } C[i] += part[ko, i] } }
/// for yo { for yi { hist[I[yo, yi]] += 1 } }
///   →  for yo { for b { part[yo, b] = 0 }  for yi { part[yo, I[yo, yi]] += 1 } }
///      for yo { for b { hist[b] += part[yo, b] } }
/// </code>
/// Every iteration of the loop gets a result of its own, and the receiver becomes their merge, in the order of the loop. What is combined is the same, in another
/// grouping: so the reduction must allow any order, and an update must commute. Nothing else inside the loops that are doubled may touch the result.
/// </summary>
public static class Rfactor
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        var handle = d.List<LoopValue>("loop").Single().Loop;
        var place = context.Place(state, handle, d.SpanOf("loop"));
        var loop = place.Loop;
        if (!place.Instances.Any(i => ReferenceEquals(i, instance)))
            throw Refuse(state, d, instance, place.Instances.FirstOrDefault(i => i.Writes.Any(w => instance.Reads.Any(r => ReferenceEquals(r.Buffer, w.Buffer)))) is { } inner
                ? $"`{handle.Name}` is a loop of `{Names.OfStage(inner.Name)}`, and {(Form.Match(inner) is null ? WhyNoForm(inner) : "that can be factored")}" : $"it is not inside of `{handle.Name}`");
        if (loop.Kind is not LoopKind.Serial)
            throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, handle.Name, LoopWords.Of(loop.Kind), "factored", LoopWords.Directive(loop.Kind));
        var form = Form.Match(instance) ?? throw Refuse(state, d, instance, WhyNoForm(instance));
        if (!form.MayRegroup(instance))
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.NotReassociated, d.Span, d.Stage.Name, "factored", "partial results group it in another way, and it keeps the order of its indices",
                "leave `exact` out, or leave this line out"), instance, "this keeps its order"));
        if (!instance.Iterations.Any(it => it.Kind is not IterKind.Spatial && it.Binding.UsesVar(loop.Variable)))
            throw Refuse(state, d, instance, $"`{handle.Name}` is no loop of its {(form.IsUpdate ? "updates that meet in one element" : "reduction")}");

        var (path, chain) = OwnLoops(state.Nests[place.Nest], instance, form);
        if (!chain.Any(f => ReferenceEquals(f, loop))) throw Refuse(state, d, instance, $"inside of `{handle.Name}` its result is used, or needed by another iteration");
        // Partial results are merged inside of the loops around: those are no loops of the reduction, which starts before them.
        if (!form.IsUpdate && path.OfType<For>().FirstOrDefault(f => instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(f.Variable))) is { } carrier)
            throw Refuse(state, d, instance, $"inside of `{carrier.Variable.Name}`, a loop of its reduction, another stage uses its result");
        if (path.OfType<For>().Concat(chain).FirstOrDefault(f => loop.Min.UsesVar(f.Variable) || loop.Extent.UsesVar(f.Variable)) is { } outer)
            throw Refuse(state, d, instance, $"how often `{handle.Name}` runs depends on `{Names.Of(state, outer.Variable)}`");

        string name = state.UniqueName(d.Results.Length > 0 ? d.ResultStage(0).Name : instance.Name + ".part");
        bool isShared = !path.OfType<For>().Any();
        var target = form.Update.Buffer;
        var part = new Buffer(name, target.Type, [loop.Extent, .. target.Shape], BufferRole.Temporary, isShared ? MemoryScope.Global : MemoryScope.Local);

        var tree = (Stmt)chain[0];
        Stmt partial, merge;
        if (form.IsUpdate)
        {
            partial = PartialUpdate(tree, instance, form, loop, part, state.UniqueName(name + ".init"));
            merge = MergeUpdate(instance, form, loop, part);
        }
        else
        {
            (partial, bool isClean) = Partial(tree, instance, form, loop, part);
            if (!isClean) throw Refuse(state, d, instance, $"its reduction runs over a part of `{handle.Name}` only");
            merge = Merge(instance, form, chain, loop, part) ?? throw Refuse(state, d, instance, "one of its loops runs over elements and over the reduction, or has a range that depends on the reduction");
        }

        if (path.IsEmpty)
        {
            var nests = state.Nests.Replace(place.Nest, partial).InsertAfter(place.Nest, merge);
            state = (state with { Nests = nests }).AddTemporary(part);
        }
        else
        {
            Stmt both = isShared ? Block.Of(partial, merge) : new Allocate(part, Block.Of(partial, merge));
            state = state.Replace(place.Nest, NestPath.ReplaceLoop(state.Nests[place.Nest], chain[0].Variable, _ => both));
            if (isShared) state = state.AddTemporary(part);
        }
        if (d.Results.Length > 0) state = state.With(d.ResultStage(0), name);
        // The handle means the new stage's loop also where it was an index of the receiver.
        state = state.With(handle, loop.Variable);
        return new(state.Touch(name, instance.Name), Evidence.Proved(form.IsUpdate ? "the updates commute" : "the reduction may be done in any order"));
    }

    /// <summary>The statements around the loops that only the instance runs in, and these loops, outermost first.</summary>
    private static (ImmutableArray<Stmt> Path, ImmutableArray<For> Loops) OwnLoops(Stmt nest, Instance instance, Form form)
    {
        var around = NestPath.LoopsAround(nest, instance.Name);
        int first = around.Length;
        while (first > 0 && IsOwn(around[first - 1])) first--;
        return first == around.Length ? ([], []) : (LoopPlace.Find(nest, around[first].Variable, 0).Path, around[first..]);

        bool IsOwn(For f) => (form.IsUpdate || !instance.KeepsOrderOf(f))
            && LoopPlace.InstancesIn(f.Body).All(i => ReferenceEquals(i, instance) || !i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, form.Update.Buffer)));
    }

    // The nest with the instance computing its part; false where an iteration over the loop leaves some of its values out.
    private static (Stmt, bool) Partial(Stmt tree, Instance i, Form form, For loop, Buffer part)
    {
        bool isClean = true;
        var iterations = i.Iterations.ToBuilder();
        Expr? at = null;
        for (int n = 0; n < iterations.Count; n++)
            if (ReferenceEquals(iterations[n].Binding, loop.Variable))
            {
                isClean &= iterations[n].Kind is IterKind.Reduction && IsWhole(iterations[n], loop);
                iterations[n] = iterations[n] with { Kind = IterKind.Spatial };
                at ??= iterations[n].Variable - loop.Min;
            }
        if (at is null)
        {
            var v = Var.Index("v" + loop.Variable.Name);
            iterations.Insert(0, new(v, loop.Min, loop.Min + loop.Extent, IterKind.Spatial, loop.Variable));
            at = v - loop.Min;
        }
        ImmutableArray<Expr> indices = [at, .. form.Update.Indices];
        // Where nothing is left to reduce, the value is the result.
        bool reduces = iterations.Any(it => it.Kind is IterKind.Reduction);
        var value = reduces ? new Binary(form.Combiner, new Load(part, indices), form.Value) : form.Value;
        var body = Block.Of([.. form.Checks, new Store(part, indices, value, null, false, form.Update.Origin)]);
        var init = reduces ? new Store(part, indices, form.Identity) : null;
        var partial = new Instance(part.Name, iterations.ToImmutable(), Regions.Read(init, body), Regions.Written(init, body), init, body, i.Reassociate, i.Origin);
        return (NestPath.ReplaceInstance(tree, i.Name, _ => partial), isClean);
    }

    private static bool IsWhole(IterVar it, For loop) => StructuralComparer.Equal(loop.Min, it.Start)
        && (StructuralComparer.Equal(loop.Min + loop.Extent, it.End) || StructuralComparer.Equal(loop.Extent, it.End - it.Start) || StructuralComparer.Equal(loop.Extent, Expr.Max(Expr.Index(0), it.End - it.Start)));

    // The loops over elements where they stood, and the loop itself; null where they cannot be told apart from the other loops of the reduction.
    private static Stmt? Merge(Instance i, Form form, ImmutableArray<For> chain, For loop, Buffer part)
    {
        var v = Var.Index("v" + loop.Variable.Name);
        ImmutableArray<Expr> from = [v - loop.Min, .. form.Update.Indices];
        var body = new Store(form.Update.Buffer, form.Update.Indices, new Binary(form.Combiner, form.Accumulator, new Load(part, from)), null, false, form.Update.Origin);
        var kept = i.Iterations.Where(it => it.Kind is not IterKind.Reduction).ToImmutableArray();
        ImmutableArray<IterVar> iterations = [.. kept, new(v, loop.Min, loop.Min + loop.Extent, IterKind.Reduction, loop.Variable)];
        Stmt nest = new Instance(i.Name, iterations, Regions.Read(i.Init, body), Regions.Written(i.Init, body), i.Init, body, i.Reassociate, i.Origin);
        var needed = nest.FreeVars().ToHashSet();
        foreach (var f in chain.Reverse())
        {
            bool overElements = kept.Any(it => it.Binding.UsesVar(f.Variable)), overReduction = i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(f.Variable));
            // A loop over both would visit an element once for each value that the reduction takes.
            if (overElements && overReduction && (ReferenceEquals(f, loop) || !kept.Any(it => ReferenceEquals(it.Binding, f.Variable)))) return null;
            if (!ReferenceEquals(f, loop) && !overElements)
            {
                if (needed.Contains(f.Variable)) return null;
                continue;
            }
            nest = f.WithBody(nest);
            needed.UnionWith(f.Min.FreeVars());
            needed.UnionWith(f.Extent.FreeVars());
        }
        return new Instantiate([]).Visit(nest);
    }

    // A copy of the whole target, filled with the identity; where the loop is the outermost, every iteration fills its own.
    private static Stmt PartialUpdate(Stmt tree, Instance i, Form form, For loop, Buffer part, string initName)
    {
        bool isOutermost = ReferenceEquals(tree, loop);
        var iterations = ImmutableArray.CreateBuilder<IterVar>();
        Expr? at = null;
        var ordered = new HashSet<Var>();
        foreach (var it in i.Iterations)
        {
            if (it.Kind is not IterKind.Opaque || !it.Binding.UsesVar(loop.Variable))
            {
                iterations.Add(it);
                continue;
            }
            // Two iterations of the loop do not meet any more; those of the other loops that it is computed from do.
            iterations.Add(it with { Kind = IterKind.Spatial });
            if (ReferenceEquals(it.Binding, loop.Variable)) at ??= it.Variable - loop.Min;
            else ordered.UnionWith(it.Binding.FreeVars().Where(v => !ReferenceEquals(v, loop.Variable)));
        }
        if (at is null)
        {
            var v = Var.Index("v" + loop.Variable.Name);
            iterations.Insert(0, new(v, loop.Min, loop.Min + loop.Extent, IterKind.Spatial, loop.Variable));
            at = v - loop.Min;
        }
        foreach (var f in LoopPlace.LoopsIn(tree).Where(f => ordered.Contains(f.Variable) && !iterations.Any(it => it.Kind is IterKind.Opaque && it.Binding.UsesVar(f.Variable))))
            iterations.Add(OverLoop(f, tree, IterKind.Opaque));
        ImmutableArray<Expr> indices = [at, .. form.Update.Indices];
        var body = Block.Of([.. form.Checks, new Store(part, indices, new Binary(form.Combiner, new Load(part, indices), form.Value), null, false, form.Update.Origin)]);
        var partial = new Instance(part.Name, iterations.ToImmutable(), Regions.Read(body), Regions.Written(body), null, body, i.Reassociate, i.Origin);

        var own = isOutermost ? loop.Variable : Var.Index(loop.Variable.Name);
        var vOwn = Var.Index("v" + loop.Variable.Name);
        var (loops, points) = Whole(form.Update.Buffer);
        var fill = new Store(part, [vOwn - loop.Min, .. points.Select(p => p.Variable)], form.Identity);
        Stmt init = new Instance(initName, [new(vOwn, loop.Min, loop.Min + loop.Extent, IterKind.Spatial, own), .. points], [], Regions.Written(fill), null, fill, true, i.Origin);
        foreach (var f in loops.Reverse()) init = f.WithBody(init);
        var nest = NestPath.ReplaceInstance(tree, i.Name, _ => partial);
        return isOutermost ? ((For)nest).WithBody(Block.Of(init, ((For)nest).Body))
            : Block.Of(new For(own, loop.Min, loop.Extent, LoopKind.Serial, init, null, i.Origin), nest);
    }

    // A loop's range in an iteration may use loops further out only where it is constant.
    private static IterVar OverLoop(For f, Stmt tree, IterKind kind)
    {
        var loops = LoopPlace.LoopsIn(tree).Select(x => x.Variable).ToHashSet();
        bool isFree = !f.Min.UsesAny(loops.Contains) && !f.Extent.UsesAny(loops.Contains);
        var (start, end) = isFree ? (f.Min, f.Min + f.Extent) : (Expr.Index(0), Expr.Index(NestPath.MaxExtent(f) ?? long.MaxValue >> 1));
        return new(Var.Index("v" + f.Variable.Name), start, end, kind, f.Variable);
    }

    private static Stmt MergeUpdate(Instance i, Form form, For loop, Buffer part)
    {
        var target = form.Update.Buffer;
        var (own, v) = (Var.Index(loop.Variable.Name), Var.Index("v" + loop.Variable.Name));
        var (loops, points) = Whole(target);
        ImmutableArray<Expr> at = [.. points.Select(p => p.Variable)];
        var body = new Store(target, at, new Binary(form.Combiner, new Load(target, at), new Load(part, [v - loop.Min, .. at])), null, false, form.Update.Origin);
        Stmt nest = new Instance(i.Name, [new(v, loop.Min, loop.Min + loop.Extent, IterKind.Reduction, own), .. points], Regions.Read(body), Regions.Written(body), null, body, true, i.Origin);
        foreach (var f in loops.Reverse()) nest = f.WithBody(nest);
        return new For(own, loop.Min, loop.Extent, LoopKind.Serial, nest, null, i.Origin);
    }

    private static (ImmutableArray<For> Loops, ImmutableArray<IterVar> Points) Whole(Buffer b)
    {
        var loops = b.Shape.Select((n, d) => new For(Var.Index("d" + d), Expr.Index(0), n, LoopKind.Serial, Block.Empty)).ToImmutableArray();
        return (loops, [.. loops.Select(f => new IterVar(Var.Index("v" + f.Variable.Name), f.Min, f.Extent, IterKind.Spatial, f.Variable))]);
    }

    private static string WhyNoForm(Instance i) =>
        i.Init is null && !i.HasReduction && !i.Iterations.Any(it => it.Kind is IterKind.Opaque) ? "it is neither a reduction nor an update"
        : i.Init is null && i.HasReduction ? "its initial value is set by another stage"
        : i.Init is Block || i.Body is Block { Statements: var all } && all.Count(s => s is not Check) > 1 || i.Body is LetStmt ? "it keeps more than one value, or combines them in a way of its own"
        : "it does not combine into one element with `+ * & | ^ min max`, or reads other elements of what it changes";

    /// <summary>Is a loop one whose iterations can have results of their own?</summary>
    internal static bool IsPossible(Instance instance, For loop) =>
        Form.Match(instance) is { } form && form.MayRegroup(instance) && instance.Iterations.Any(it => it.Kind is not IterKind.Spatial && it.Binding.UsesVar(loop.Variable));

    private static DiagnosticException Refuse(ScheduleState state, Directive d, Instance instance, string why)
    {
        var form = Form.Match(instance);
        string[] loops = form is null ? [] : [.. NestPath.LoopsAround(state.Nests[state.Nests.FindNest(instance.Name)!.Value], instance.Name)
            .Where(f => instance.Iterations.Any(it => it.Kind is not IterKind.Spatial && it.Binding.UsesVar(f.Variable))).Select(f => $"`{Names.Of(state, f.Variable)}`")];
        return new(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "rfactor", d.Stage.Name, why,
            loops.Length > 0 ? $"the loops that its results meet over are: {string.Join(", ", loops)}" : "factor a reduction such as `sum`, or an update `+=`, before it is cached or decomposed"), instance, "this is computed here"));
    }

    /// <summary><c>T[e] = T[e] op value</c> behind run-time checks; a reduction has an initial value, an update has none.</summary>
    private sealed record Form(Store Update, BinaryOp Combiner, Load Accumulator, Expr Value, Expr Identity, ImmutableArray<Stmt> Checks, bool IsUpdate)
    {
        public static Form? Match(Instance i)
        {
            ImmutableArray<Stmt> all = i.Body is Block b ? b.Statements : [i.Body];
            if (all is not [.. var checks, Store { Predicate: null, Value: Binary { Left: Load { Predicate: null } acc } combined } update] || checks.Any(c => c is not Check)) return null;
            if (!ReferenceEquals(acc.Buffer, update.Buffer) || !acc.Indices.SequenceEqual(update.Indices, StructuralComparer.Instance)) return null;
            bool readsItself = Block.Of(checks).BuffersRead().Concat(combined.Right.BuffersRead()).Concat(update.Indices.SelectMany(x => x.BuffersRead())).Contains(update.Buffer);
            if (readsItself) return null;
            if (KindOf(combined.Op) is not { } kind) return null;
            var identity = Expr.Constant(ScalarMath.Identity(kind, update.Buffer.Type));
            bool isUpdate = i.Init is null;
            if (isUpdate && (i.HasReduction || !i.Iterations.Any(it => it.Kind is IterKind.Opaque))) return null;
            if (i.Init is { } init && !(init is Store { Predicate: null } start && start.Value.TryGetConstant(out var first) && identity.TryGetConstant(out var neutral) && ScalarMath.ToBits(first) == ScalarMath.ToBits(neutral))) return null;
            return new(update, combined.Op, acc, combined.Right, identity, [.. checks], isUpdate);
        }

        /// <summary>A reduction says so. Updates of integers and bools commute; sums of floats follow the contract of sums.</summary>
        public bool MayRegroup(Instance i) => IsUpdate ? !Update.Buffer.Type.IsFloat || Combiner is BinaryOp.Add : i.Reassociate;

        private static ReduceKind? KindOf(BinaryOp op) => op switch
        {
            BinaryOp.Add => ReduceKind.Sum, BinaryOp.Mul => ReduceKind.Prod, BinaryOp.Max => ReduceKind.Max, BinaryOp.Min => ReduceKind.Min,
            BinaryOp.And => ReduceKind.BitAnd, BinaryOp.Or => ReduceKind.BitOr, BinaryOp.Xor => ReduceKind.BitXor, _ => null,
        };
    }
}
