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
/// for i { for j { for k { S } } }   reorder(k, i)   →   for k { for j { for i { S } } }
/// </code>
/// Permutes the loops it names among the places they hold. The loops between the first and the last of them must be perfectly nested, and no
/// loop's range may use a variable that then lies inside it. Iterations of one element's reduction keep their order only where the reduction
/// loops keep theirs; otherwise the reduction must allow any order.
/// </summary>
public static class Reorder
{
    public static Stmt Apply(Stmt nest, params IReadOnlyList<Var> order)
    {
        if (order.Count < 2) return nest;
        var named = new HashSet<Var>(order);
        if (named.Count != order.Count) throw new CompilerBugException("reorder", "a loop is named twice");
        var first = Outermost(nest, named);
        return NestPath.ReplaceLoop(nest, first, f =>
        {
            var chain = new List<For>();
            Stmt rest = f;
            for (int found = 0; found < order.Count;)
            {
                if (rest is not For loop) throw new CompilerBugException("reorder", "the loops are not perfectly nested");
                chain.Add(loop);
                if (named.Contains(loop.Variable)) found++;
                rest = loop.Body;
            }
            var byVariable = chain.ToDictionary(l => l.Variable);
            int next = 0;
            var permuted = chain.Select(l => named.Contains(l.Variable) ? byVariable[order[next++]] : l).ToList();
            CheckRanges(permuted);
            foreach (var loop in Enumerable.Reverse(permuted)) rest = loop.WithBody(rest);
            return rest;
        });
    }

    private static Var Outermost(Stmt nest, HashSet<Var> named) =>
        LoopPlace.LoopsIn(nest).FirstOrDefault(f => named.Contains(f.Variable))?.Variable ?? throw new CompilerBugException("reorder", "the loops are not in this nest");

    private static void CheckRanges(List<For> loops)
    {
        var inside = new HashSet<Var>();
        foreach (var loop in Enumerable.Reverse(loops))
        {
            inside.Add(loop.Variable);
            if (loop.Min.UsesAny(inside.Contains) || loop.Extent.UsesAny(inside.Contains))
                throw new CompilerBugException("reorder", $"the range of {loop.Variable.Name} uses a loop that would lie inside it");
        }
    }

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var handles = d.List<LoopValue>("loops").Select(v => v.Loop).ToImmutableArray();
        var order = handles.Select(h => context.Place(state, h, d.SpanOf("loops")).Loop.Variable).ToImmutableArray();
        string NameOf(Var v) => order.IndexOf(v) is >= 0 and var n ? handles[n].Name : Names.Of(state, v);
        var place = context.Place(state, handles[0], d.Span);
        var (nest, number) = (state.Nests[place.Nest], place.Nest);
        if (handles.FirstOrDefault(h => state.Nests.FindNest(state.FindLoop(h)!) != number) is { } stranger)
            throw StepContext.Refuse(ScheduleRefusals.NotNested, d.Span, stranger.Name, handles[0].Name, "name only loops of one nest");

        var first = LoopPlace.Find(nest, Outermost(nest, [.. order]), number);
        var chain = new List<For>();
        Stmt rest = first.Loop;
        for (int found = 0; found < order.Length; rest = ((For)rest).Body)
        {
            if (rest is not For loop)
            {
                var missing = order.First(v => !chain.Exists(f => ReferenceEquals(f.Variable, v)));
                throw StepContext.Refuse(ScheduleRefusals.NotNested, d.Span, NameOf(missing), NameOf(chain[^1].Variable), "other statements stand between the two: reorder before you place or cache stages there");
            }
            chain.Add(loop);
            if (order.Contains(loop.Variable)) found++;
        }
        int next = 0;
        var permuted = chain.Select(l => order.Contains(l.Variable) ? order[next++] : l.Variable).ToImmutableArray();
        if (permuted.SequenceEqual(chain.Select(l => l.Variable)))
            return StepResult.WithoutEffect(state, "the loops stand in this order already");
        var position = permuted.Select((v, n) => (v, n)).ToDictionary(p => p.v, p => p.n);
        foreach (var l in chain)
            foreach (var v in l.Min.FreeVars().Concat(l.Extent.FreeVars()))
                if (position.TryGetValue(v, out int at) && at > position[l.Variable])
                    throw StepContext.Refuse(ScheduleRefusals.RangeDepends, d.Span, NameOf(l.Variable), NameOf(v));
        var evidence = Legality.RequireOrder(state, first, chain, permuted, rest, d, context);
        var result = Apply(nest, order);
        return new(state.Replace(number, result).Touch(first.Instances.Select(i => i.Name)), evidence);
    }
}
