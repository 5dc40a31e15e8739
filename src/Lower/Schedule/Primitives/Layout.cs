using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// t[i, k] = …  … t[i, k] …   t.layout((i, k) -> [i / 8, k, i % 8])   →   t[i / 8, k, i % 8] = …  … t[i / 8, k, i % 8] …
/// </code>
/// Says how a tensor lies in memory. An intermediate tensor is stored that way. A parameter lies as its caller says, so it is packed once, in a nest of its own before its
/// first reader (<see cref="CacheReadStep"/> at root); a result is computed in the layout, and copied at the end. The layout is proved to be one-to-one.
/// </summary>
public static class Layout
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var buffer = state.FindBuffer(d.Stage) ?? throw StepContext.Refuse(ScheduleRefusals.StageGone, d.Span, d.Stage.Name);
        if (buffer.Role is BufferRole.Input) return CacheReadStep.Packed(state, d, context, buffer);
        if (buffer.Packed is not null) throw Refuse("several of its elements lie in one byte", "compute it in a tensor of its own first");
        if (buffer.Layout is not null) throw Refuse("its storage is padded", "write `layout` before `pad`");
        if (buffer.Shape.IsEmpty) throw Refuse("it has one element", "leave this line out");
        var nests = state.Nests.Readers(buffer).Union(state.Nests.Writers(buffer));
        if (nests.Any(n => Places.CopiesOf(state.Nests[n]).Contains(buffer)))
            throw Refuse("it is prefetched or copied as it lies now", "write `layout` before these steps");
        if (nests.Any(n => VectorAccesses.Of(state.Nests[n], buffer))) throw Refuse("an access takes several of its elements at once, as they lie now", "write `layout` before `vectorize` on a reduction");
        var (layout, evidence) = LayoutProof.Require(state, d, context, buffer, (LayoutValue)d["map"]!, buffer.Shape);
        bool isResult = buffer.Role is BufferRole.Output;
        var names = CachePlan.NamesOf(state, buffer);
        var stored = new Buffer(isResult ? state.UniqueName(buffer.Name + ".packed") : buffer.Name, buffer.Type, layout.Shape, BufferRole.Temporary, buffer.Scope, null, buffer.Device, buffer.Memory);
        var touched = nests.SelectMany(n => state.Nests.Instances(n)).Where(i => i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, buffer))).Select(i => i.Name).ToList();
        foreach (int n in nests) state = state.Replace(n, new Relocation(buffer, stored, layout).Visit(state.Nests[n]));
        if (!isResult)
        {
            if (state.Function.Temporaries.Contains(buffer)) state = state.RemoveTemporary(buffer).AddTemporary(stored);
        }
        else
        {
            string name = state.UniqueName(buffer.Name + ".copy");
            state = state.AddTemporary(stored) with { Nests = state.Nests.Append(CopyOut(buffer, stored, layout, names, name, d)) };
        }
        return new(state.Touch(touched), evidence);

        DiagnosticException Refuse(string why, string help) => StepContext.Refuse(ScheduleRefusals.LayoutDoesNotFit, d.Span, buffer.Name, why, help);
    }

    private static Stmt CopyOut(Buffer buffer, Buffer stored, IndexLayout layout, ImmutableArray<string> names, string name, Directive d)
    {
        var origin = new Origin(null, d.Text);
        ImmutableArray<Var> loops = [.. names.Select(Var.Index)];
        ImmutableArray<IterVar> own = [.. loops.Select((v, n) => new IterVar(Var.Index("v" + v.Name), Expr.Index(0), buffer.Shape[n], IterKind.Spatial, v))];
        ImmutableArray<Expr> at = [.. own.Select(it => it.Variable)];
        var body = new Store(buffer, at, new Load(stored, layout.At(at)));
        Stmt nest = new Instance(name, own, Regions.Read(body), Regions.Written(body), null, body, true, origin);
        for (int n = loops.Length - 1; n >= 0; n--) nest = new For(loops[n], Expr.Index(0), buffer.Shape[n], LoopKind.Serial, nest, null, origin);
        return nest;
    }

    private sealed class VectorAccesses(Buffer buffer) : Walker
    {
        private bool _found;

        public static bool Of(Stmt s, Buffer buffer)
        {
            var accesses = new VectorAccesses(buffer);
            accesses.Visit(s);
            return accesses._found;
        }

        public override void Visit(Expr e)
        {
            if (e is Load l && ReferenceEquals(l.Buffer, buffer)) _found |= l.Indices.Any(i => i.Type.Lanes > 1);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t && ReferenceEquals(t.Buffer, buffer)) _found |= t.Indices.Any(i => i.Type.Lanes > 1);
            base.Visit(s);
        }
    }

    /// <summary>Every access moves to the place of its element.</summary>
    private sealed class Relocation(Buffer from, Buffer to, IndexLayout layout) : Rewriter
    {
        protected override Expr VisitLoad(Load l)
        {
            var visited = (Load)base.VisitLoad(l);
            return ReferenceEquals(l.Buffer, from) ? new Load(to, layout.At(visited.Indices), visited.Predicate) : visited;
        }

        protected override Stmt VisitStore(Store s)
        {
            var visited = (Store)base.VisitStore(s);
            return ReferenceEquals(s.Buffer, from) ? new Store(to, layout.At(visited.Indices), visited.Value, visited.Predicate, s.NonTemporal, s.Origin) : visited;
        }

        protected override Stmt VisitAllocate(Allocate a) => ReferenceEquals(a.Buffer, from) ? new Allocate(to, Visit(a.Body), a.Origin) : base.VisitAllocate(a);

        protected override Stmt VisitInstance(Instance i)
        {
            if (!i.Reads.Concat(i.Writes).Any(r => ReferenceEquals(r.Buffer, from))) return i;
            var (init, body) = (i.Init is null ? null : Visit(i.Init), Visit(i.Body));
            return new Instance(i.Name, i.Iterations, Regions.Read(init, body), Regions.Written(init, body), init, body, i.Reassociate, i.Origin);
        }
    }
}
