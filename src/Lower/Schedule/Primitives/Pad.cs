using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// t: f32[H, W]   t.x.pad(16)   →   t: f32[H, W] stored as [H, ceil(W / 16) * 16]
/// </code>
/// Rounds the storage of one dimension of an intermediate tensor or a cache up, so that its rows start aligned. What lies past the end is never read, so it is always legal.
/// </summary>
public static class Pad
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        long multiple = d.Integer("multiple") ?? 1;
        if (multiple is < 1 or > Split.MaxFactor) throw Refuse($"{multiple} is no multiple to round up to", "write a small positive number, such as 16", null);
        var place = context.Place(state, d);
        var instance = d.Loop.Stage is { } stage ? context.Instance(state, stage, d.Span) : LoopPlace.InstancesIn(place.Loop).ToList() is [var only] ? only
            : throw Refuse("several stages run in it", "name the loop through its stage: `t.x.pad(16)`", null);
        var buffer = instance.Writes[0].Buffer;
        if (buffer.Role is not BufferRole.Temporary) throw Refuse($"`{buffer.Name}` lies as its caller says", $"pad an intermediate tensor or a cache", instance);
        var stores = new StoreIndices(buffer);
        stores.Visit(instance.Body);
        var own = instance.Iterations.Where(it => ReferenceEquals(it.Binding, place.Loop.Variable)).Select(it => it.Variable).ToHashSet();
        int dimension = stores.Indices is { } at ? Enumerable.Range(0, at.Length).FirstOrDefault(n => at[n].UsesAny(own.Contains), -1) : -1;
        if (dimension < 0) throw Refuse($"no dimension of `{buffer.Name}` belongs to it", "name an index of the tensor that is still whole", instance);
        var extents = buffer.Layout?.PhysicalShape ?? buffer.Shape;
        var padded = extents[dimension] is IntImm n ? Expr.Index((n.Value + multiple - 1) / multiple * multiple) : Expr.CeilDiv(extents[dimension], multiple) * multiple;
        if (StructuralComparer.Equal(padded, extents[dimension])) return StepResult.WithoutEffect(state, $"`{extents[dimension]}` is a multiple of {multiple}");

        var axes = buffer.Shape.Select((_, k) => Var.Index($"d{k}")).ToImmutableArray();
        var stored = new Buffer(buffer.Name, buffer.Type, buffer.Shape, buffer.Role, buffer.Scope, new(axes, extents.SetItem(dimension, padded), [.. axes]), buffer.Device, buffer.Memory);
        var map = new Dictionary<Buffer, Buffer> { [buffer] = stored };
        foreach (int number in state.Nests.Readers(buffer).Union(state.Nests.Writers(buffer))) state = state.Replace(number, Relocated(state.Nests[number], map));
        if (state.Function.Temporaries.Contains(buffer)) state = state.RemoveTemporary(buffer).AddTemporary(stored);
        return new(state.Touch(instance.Name), Evidence.Proved("what is past the end is never read"));

        DiagnosticException Refuse(string why, string help, Instance? about) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "pad", d.Loop.Name, why, help), about, "computed here"));
    }

    private static Stmt Relocated(Stmt s, Dictionary<Buffer, Buffer> map) => new Allocations(map).Visit(s.Substitute(map));

    private sealed class Allocations(Dictionary<Buffer, Buffer> map) : Rewriter
    {
        public override Expr Visit(Expr e) => e;
        protected override Stmt VisitInstance(Instance i) => i;
        protected override Stmt VisitAllocate(Allocate a) => map.TryGetValue(a.Buffer, out var stored) ? new Allocate(stored, Visit(a.Body), a.Origin) : base.VisitAllocate(a);
    }

    private sealed class StoreIndices(Buffer buffer) : Walker
    {
        public ImmutableArray<Expr>? Indices { get; private set; }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Store t && ReferenceEquals(t.Buffer, buffer)) Indices ??= t.Indices;
            base.Visit(s);
        }
    }
}
