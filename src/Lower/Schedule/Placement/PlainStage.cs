using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Placement;

/// <summary>A dimension of what a stage writes.</summary>
/// <param name="Iteration">The only one that its index uses.</param>
/// <param name="Shift">The index is the iteration plus this, over dimensions.</param>
/// <param name="Loop">The loop that runs over the iteration and nothing else, as it was at first; null where a step has changed that.</param>
internal sealed record StageDimension(IterVar Iteration, Expr Shift, For? Loop);

/// <summary>A stage with a nest of its own that defines elements at the indices of its iterations: what can be computed elsewhere.</summary>
/// <param name="Loops">All loops of the nest, outermost first.</param>
/// <param name="Buffers">What it writes, all at the same indices.</param>
internal sealed record PlainStage(int Nest, Instance Instance, ImmutableArray<For> Loops, ImmutableArray<Buffer> Buffers, ImmutableArray<StageDimension> Dimensions)
{
    /// <summary>The stage of an instance; null with the reason where it is not of this form.</summary>
    public static PlainStage? Match(ScheduleState state, string instance, out string why)
    {
        int number = state.Nests.FindNest(instance)!.Value;
        var nest = state.Nests[number];
        why = "";
        if (NestPath.SoleInstance(nest) is not { } i || HasAllocation(nest)) return Fail(SharesLoops, out why);
        if (TileLoops.In(i).Count > 0) return Fail(IsInstruction, out why);
        if (i.Iterations.Any(it => it.Kind is IterKind.Opaque)) return Fail("its iterations need each other in order", out why);
        var loops = NestPath.LoopsAround(nest, instance);
        var stores = Stores.In(i);
        var indices = stores[0].Indices;
        if (stores.Any(s => s.Predicate is not null || s.Indices.Length != indices.Length || !s.Indices.SequenceEqual(indices, StructuralComparer.Instance)))
            return Fail("one point of it writes several elements", out why);
        ImmutableArray<Buffer> buffers = [.. stores.Select(s => s.Buffer).Distinct()];
        var own = Loads.In(i).Where(l => buffers.Contains(l.Buffer)).ToList();
        if (i.Init is null ? own.Count > 0 : own.Exists(l => !l.Indices.SequenceEqual(indices, StructuralComparer.Instance)))
            return Fail("it changes elements that it has written before", out why);
        foreach (var b in buffers)
            if (state.Nests.Writers(b).Any(n => n != number)) return Fail("several equations write it", out why);

        var spatial = i.Iterations.Where(it => it.Kind is IterKind.Spatial).ToDictionary(it => it.Variable);
        var dimensions = ImmutableArray.CreateBuilder<StageDimension>();
        foreach (var index in indices)
        {
            if (LinearForm.Of(index) is not { } form || form.Terms.Where(t => t.Key is Var v && spatial.ContainsKey(v)).ToList() is not [{ Key: Var variable, Value: 1 }]
                || form.Replace(variable, LinearForm.Of(0)) is not { } shift || shift.ToExpr().UsesAny(v => i.Iterations.Any(it => ReferenceEquals(it.Variable, v))))
                return Fail("it does not write at the indices of its own iterations", out why);
            var it = spatial[variable];
            spatial.Remove(variable);
            dimensions.Add(new(it, shift.ToExpr(), loops.FirstOrDefault(l => ReferenceEquals(l.Variable, it.Binding) && l.Kind is LoopKind.Serial)));
        }
        if (spatial.Count > 0) return Fail("it writes an element several times", out why);
        return new(number, i, loops, buffers, dimensions.ToImmutable());
    }

    /// <summary>What helps where <see cref="Match"/> says why not: what the steps above have made of the loops, they can make later.</summary>
    public static Diagnostic Refusal(SourceSpan? span, string stage, string why) =>
        Diagnostic.Create(ScheduleRefusals.StageHasShape, span, stage, why) is var d && why == SharesLoops ? d
            : d.WithHelp(why == IsInstruction ? "write this line before `tensorize`" : "leave this line out: the stage stays where it is");

    private const string SharesLoops = "it shares its loops with other stages", IsInstruction = "an instruction computes it";

    private static PlainStage? Fail(string reason, out string why)
    {
        why = reason;
        return null;
    }

    private static bool HasAllocation(Stmt s) => s switch { Allocate => true, For f => HasAllocation(f.Body), _ => false };
}

/// <summary>The stores of an instance.</summary>
internal sealed class Stores : Walker
{
    private readonly List<Store> _found = [];

    public static IReadOnlyList<Store> In(Instance i)
    {
        var s = new Stores();
        if (i.Init is not null) s.Visit(i.Init);
        s.Visit(i.Body);
        return s._found;
    }

    public override void Visit(Expr e) { }

    public override void Visit(Stmt s)
    {
        if (s is Store t) _found.Add(t);
        base.Visit(s);
    }
}

/// <summary>The loads of an instance, with the values of lets in the place of their names.</summary>
internal sealed class Loads : Walker
{
    private readonly List<Load> _found = [];
    private readonly Dictionary<Var, Expr> _lets = [];
    private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

    public static IReadOnlyList<Load> In(Instance i)
    {
        var l = new Loads();
        if (i.Init is not null) l.Visit(i.Init);
        l.Visit(i.Body);
        return l._found;
    }

    public override void Visit(Expr e)
    {
        if (!_seen.Add(e)) return;
        switch (e)
        {
            case Load l: _found.Add(new Load(l.Buffer, [.. l.Indices.Select(x => x.Substitute(_lets))], l.Predicate)); break;
            case Let l: _lets[l.Variable] = l.Value.Substitute(_lets); break;
        }
        base.Visit(e);
    }

    public override void Visit(Stmt s)
    {
        if (s is LetStmt l) _lets[l.Variable] = l.Value.Substitute(_lets);
        base.Visit(s);
    }
}
