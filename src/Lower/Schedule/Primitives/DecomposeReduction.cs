using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { for j { for k { C: init { C[i, j] = 0 } C[i, j] += S } } }   decompose_reduction(i)
///   →  for i { for j { C.init: C[i, j] = 0 }
///              for j { for k { C: C[i, j] += S } } }
/// </code>
/// The initial value is set by an instance of its own, before everything else in an iteration of the loop <c>at</c>, or in a nest before. All loops of the reduction
/// lie inside of <c>at</c>. There every element is set once, and nothing that comes before the reduction touches what it starts, so it does not matter how much earlier it is set.
/// </summary>
public static class DecomposeReduction
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        int number = state.Nests.FindNest(instance.Name)!.Value;
        var nest = state.Nests[number];
        if (instance.Init is null)
            throw new DiagnosticException(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "decompose_reduction", d.Stage.Name,
                instance.HasReduction ? "its initial value is set by a stage of its own already" : "it is no reduction", "leave it out"), instance, "this is computed here"));
        var loops = NestPath.LoopsAround(nest, instance.Name);
        int first = loops.IndexOf(loops.FirstOrDefault(f => Reduces(instance, f))!);
        if (first < 0) first = loops.Length;
        // -1 for root: a nest before.
        int at = -1;
        if (d["at"] is LoopValue { Loop: var handle })
        {
            var place = context.Place(state, handle, d.SpanOf("at"));
            at = loops.IndexOf(place.Loop);
            if (place.Nest != number || at < 0) throw Refuse(state, d, instance, loops[..first], handle.Name, $"`{d.Stage.Name}` is not inside of it");
            if (at >= first) throw Refuse(state, d, instance, loops[..first], handle.Name, Reduces(instance, loops[at]) ? "it is a loop of the reduction, and the value is set once before all of them" : $"it lies inside of `{Names.Of(state, loops[first].Variable)}`, a loop of the reduction");
        }

        // The text between the start of the body and the reduction.
        Stmt body = at < 0 ? nest : loops[at].Body;
        foreach (var other in LoopPlace.InstancesIn(body).TakeWhile(i => !ReferenceEquals(i, instance)))
            if (other.Reads.Concat(other.Writes).Any(r => instance.Writes.Any(w => ReferenceEquals(w.Buffer, r.Buffer))))
                throw Refuse(state, d, instance, loops[..first], PlaceName(d), $"`{other.Name}`, which comes first there, uses what it would set");

        string name = state.UniqueName(d.Results.Length > 0 ? d.ResultStage(0).Name : instance.Name + ".init");
        var init = Start(instance, name, NestPathTo(body, instance)) ?? throw Refuse(state, d, instance, loops[..first], PlaceName(d), "a condition between depends on the reduction");
        state = at < 0 ? state with { Nests = state.Nests.InsertBefore(number, init).Replace(number, NestPath.ReplaceInstance(nest, instance.Name, Decomposed)) }
            : state.Replace(number, NestPath.ReplaceLoop(nest, loops[at].Variable, f => f.WithBody(Block.Of(init, NestPath.ReplaceInstance(f.Body, instance.Name, Decomposed)))));
        if (d.Results.Length > 0) state = state.With(d.ResultStage(0), name);

        // Every point sets an element of its own: so none is set again after its reduction has begun.
        int owner = state.Nests.FindNest(name)!.Value;
        var evidence = Evidence.Proved("nothing uses it before");
        foreach (var f in LoopPlace.LoopsIn(init)) evidence &= Legality.RequireIndependent(state, LoopPlace.Find(state.Nests[owner], f.Variable, owner), d, context, allowReductions: false, "decomposed");
        return new(state.Touch(name, instance.Name), evidence);
    }

    private static Instance Decomposed(Instance i) => new(i.Name, i.Iterations, i.Reads, i.Writes, null, i.Body, i.Reassociate, i.Origin);

    private static bool Reduces(Instance i, For f) =>
        i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(f.Variable)) && !i.Iterations.Any(it => it.Kind is IterKind.Spatial && ReferenceEquals(it.Binding, f.Variable))
        && !i.KeepsOrderOf(f);

    private static ImmutableArray<Stmt> NestPathTo(Stmt body, Instance instance)
    {
        var path = ImmutableArray.CreateBuilder<Stmt>();
        Descend(body);
        return path.ToImmutable();

        bool Descend(Stmt s)
        {
            if (ReferenceEquals(s, instance)) return true;
            path.Add(s);
            bool found = s switch
            {
                Block b => b.Statements.Any(Descend),
                For f => Descend(f.Body),
                Allocate a => Descend(a.Body),
                LetStmt l => Descend(l.Body),
                If i => Descend(i.Then) || i.Else is not null && Descend(i.Else),
                _ => false,
            };
            if (!found) path.RemoveAt(path.Count - 1);
            return found;
        }
    }

    // Copies of the loops over elements; null where it cannot stand outside of a statement between.
    private static Stmt? Start(Instance i, string name, ImmutableArray<Stmt> path)
    {
        Stmt nest = new Instance(name, [.. i.Iterations.Where(it => it.Kind is not IterKind.Reduction)], Regions.Read(i.Init), Regions.Written(i.Init), null, i.Init!, i.Reassociate, i.Origin);
        var carriers = path.OfType<For>().Where(f => Reduces(i, f)).Select(f => f.Variable).ToHashSet();
        var needed = nest.FreeVars().ToHashSet();
        foreach (var s in path.Reverse())
            switch (s)
            {
                case For f when needed.Contains(f.Variable):
                    if (carriers.Contains(f.Variable)) return null;
                    nest = f.WithBody(nest);
                    needed.UnionWith(f.Min.FreeVars());
                    needed.UnionWith(f.Extent.FreeVars());
                    break;
                case LetStmt l when needed.Contains(l.Variable):
                    nest = new LetStmt(l.Variable, l.Value, nest, l.Origin);
                    needed.UnionWith(l.Value.FreeVars());
                    break;
                // What is written is allocated in between, or a condition decides which version runs.
                case Allocate a when i.Writes.Any(w => ReferenceEquals(w.Buffer, a.Buffer)): return null;
                case If: return null;
            }
        return new Instantiate([]).Visit(nest);
    }

    private static string PlaceName(Directive d) => d["at"] is LoopValue l ? l.Loop.Name : "root";

    private static DiagnosticException Refuse(ScheduleState state, Directive d, Instance instance, ImmutableArray<For> legal, string at, string why) =>
        new(StepContext.About(Diagnostic.Create(ScheduleRefusals.InitNotLegal, d.SpanOf("at"), d.Stage.Name, at, why,
            string.Join(", ", legal.Select(f => $"`{Names.Of(state, f.Variable)}`").Append("root"))), instance, "this reduction"));
}
