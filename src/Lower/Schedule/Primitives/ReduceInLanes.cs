using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { for k { C[i] += S(k) } }
///   →  for i { allocate lanes[2, 16]
///        for u { vectorized for l { lanes[u, l] = 0 } }
///        for ko { unrolled for u { vectorized for l { lanes[u, l] += S(ko * 32 + u * 16 + l) } } }
///        C[i] = lane_reduce(lanes[0, :] + lanes[1, :]) }
/// </code>
/// Keeps one partial result for each lane of a reduction loop, and combines them at the end. It changes the order, so the reduction must allow
/// any. Past the end of the range a lane combines the identity. The loop must be the innermost, and the reduction loops must lie inside all others.
/// Nothing else in the reduction loops may use the result, and no condition stand between them: the end of the lanes overwrites it.
/// </summary>
public static class ReduceInLanes
{
    /// <param name="name">Of the loop over whole vectors; null: the loop's with <c>o</c>.</param>
    public static (Stmt Nest, Var Outer) Apply(Stmt nest, string instance, Var loop, int lanes, int unroll, string? name = null)
    {
        var compute = NestPath.FindInstance(nest, instance);
        var form = ReductionForm.Match(compute) ?? throw new CompilerBugException("reduce_in_lanes", $"{instance} does not combine one value");
        if (!compute.Reassociate) throw new CompilerBugException("reduce_in_lanes", $"{instance} must keep its order");

        (nest, var whole, var chunk) = Split.Apply(nest, loop, (long)lanes * unroll, SplitTail.Guard, (name ?? loop.Name + "o", loop.Name + "i"));
        (nest, var step, var lane) = Split.Apply(nest, chunk, lanes);
        nest = Mark.Vectorize(Mark.Unroll(nest, step), lane);

        compute = NestPath.FindInstance(nest, instance);
        var loops = NestPath.LoopsAround(nest, instance);
        if (!ReferenceEquals(loops[^1].Variable, lane)) throw new CompilerBugException("reduce_in_lanes", $"{loop.Name} is not the innermost loop");
        var space = new LoopSpace(compute, loops, []);
        int depth = loops.Length - loops.Reverse().TakeWhile(l => space.Point(l.Variable).Kind is IterKind.Reduction).Count();
        if (loops[..depth].Any(l => space.Point(l.Variable).Kind is IterKind.Reduction)) throw new CompilerBugException("reduce_in_lanes", "a reduction loop lies outside another loop");
        if (!IsAlone(loops[depth], compute)) throw new CompilerBugException("reduce_in_lanes", $"{instance} is one of several parts of its reduction");

        var partial = new Buffer(form.Update.Buffer.Name + ".lanes", form.Update.Buffer.Type, [Expr.Index(unroll), Expr.Index(lanes)], BufferRole.Temporary, MemoryScope.Register);
        var update = Update(compute, form, space, partial, step, lane);
        var start = Start(compute, form, loops, partial, step, lane);
        var finish = Finish(compute, form, partial, lanes, unroll);

        // Right around the reduction: what else stands in the nest has results of its own.
        return (NestPath.ReplaceLoop(NestPath.ReplaceInstance(nest, instance, _ => update), loops[depth].Variable, l => new Allocate(partial, Block.Of([start, l, finish]))), whole);
    }

    /// <summary>True where the outermost loop of a reduction runs the instance in each iteration, and nothing else in it uses the result: not one version or one part of a loop inside.</summary>
    internal static bool IsAlone(For outermost, Instance compute)
    {
        return !IsUnderCondition(outermost.Body, false)
            && !LoopPlace.InstancesIn(outermost.Body).Any(i => i.Name != compute.Name && i.Reads.Concat(i.Writes).Any(r => compute.Writes.Any(w => ReferenceEquals(w.Buffer, r.Buffer))));

        bool IsUnderCondition(Stmt s, bool inside) => s switch
        {
            Instance i => inside && i.Name == compute.Name,
            Block b => b.Statements.Any(x => IsUnderCondition(x, inside)),
            For f => IsUnderCondition(f.Body, inside),
            Allocate a => IsUnderCondition(a.Body, inside),
            LetStmt l => IsUnderCondition(l.Body, inside),
            If i => IsUnderCondition(i.Then, true) || i.Else is not null && IsUnderCondition(i.Else, true),
            _ => false,
        };
    }

    private static Instance Update(Instance compute, ReductionForm form, LoopSpace space, Buffer partial, Var step, Var lane)
    {
        var reductions = compute.Iterations.Where(it => it.Kind is IterKind.Reduction).ToList();
        var inside = space.Guard(reductions);
        var value = Predication.Apply(space.Bind(form.Value), inside);
        if (!(form.Combiner is BinaryOp.Add && VanishesWithLoads(value))) value = Expr.If(inside, value, form.Identity);
        ImmutableArray<Expr> at = [space.Point(step).Variable, space.Point(lane).Variable];
        var body = new Store(partial, at, Expr.Make(form.Combiner, new Load(partial, at), value));
        // Points of the tile loops outside are guarded as before; the reduction's own range is in the value.
        var kept = space.Guards(compute.Iterations.Where(it => it.Kind is not IterKind.Reduction));
        var points = space.PointsFor([.. body.FreeVars(), .. kept.SelectMany(it => (Expr[])[it.Start, it.End]).SelectMany(e => e.FreeVars())], p => p.Kind is IterKind.Reduction)
            .Select(p => ReferenceEquals(p.Binding, step) || ReferenceEquals(p.Binding, lane) ? p with { Kind = IterKind.Spatial } : p);
        return new(compute.Name, [.. points, .. kept], Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin);
    }

    // Loads that do not happen give 0, so a product of them needs no selection of the identity.
    private static bool VanishesWithLoads(Expr e) => e switch
    {
        Load => true,
        Cast { Kind: CastKind.Convert or CastKind.Saturate } c => VanishesWithLoads(c.Operand),
        Binary { Op: BinaryOp.Mul } b => VanishesWithLoads(b.Left) && VanishesWithLoads(b.Right),
        _ => false,
    };

    private static Stmt Start(Instance compute, ReductionForm form, ImmutableArray<For> loops, Buffer partial, Var step, Var lane)
    {
        var space = new LoopSpace(compute, loops, [step, lane]);
        var body = new Store(partial, [space.Point(step).Variable, space.Point(lane).Variable], form.Identity);
        return space.Wrap(loops, new Instance(compute.Name + ".init", [space.Point(step) with { Kind = IterKind.Spatial }, space.Point(lane) with { Kind = IterKind.Spatial }],
            [], Regions.Written(body), null, body, true, compute.Origin));
    }

    private static Instance Finish(Instance compute, ReductionForm form, Buffer partial, int lanes, int unroll)
    {
        Expr? vector = null;
        for (int u = 0; u < unroll; u++)
        {
            Expr next = new Load(partial, [Expr.Index(u), new Ramp(Expr.Index(0), Expr.Index(1), lanes)]);
            vector = vector is null ? next : Expr.Make(form.Combiner, vector, next);
        }
        var body = new Store(form.Update.Buffer, form.Update.Indices, new LaneReduce(form.Combiner, vector!));
        return new(compute.Name + ".copy", [.. compute.Iterations.Where(it => it.Kind is not IterKind.Reduction)], Regions.Read(body), Regions.Written(body), null, body, true, compute.Origin);
    }
}
