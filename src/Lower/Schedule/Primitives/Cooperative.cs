using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// bound for t in 0..T { for k { for i in 0..n { if t == 0 { P[i] = A(i) } } barrier; use(P); barrier } }
///   →  bound for t in 0..T { for k { for q in 0..ceil(n / T) { P[q * T + t] = A(q * T + t) (inside of P) } barrier; use(P); barrier } }
/// </code>
/// The threads of a block fill a shared cache together, each its part of the elements, neighbours by neighbours. What stands around stays as it is: the barriers, after the
/// fill and before the next one, are there from <see cref="CacheReadStep"/>, outside of every condition. Legal because each element is still written once, by one thread.
/// </summary>
public static class Cooperative
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        DeviceSteps.RequireDevice(state, d, "`cooperative`");
        var fill = context.Instance(state, d.Stage, d.Span);
        int number = state.Nests.FindNest(fill.Name)!.Value;
        var nest = state.Nests[number];
        if (fill.Writes[0].Buffer.Scope is not MemoryScope.Shared) throw Refuse("only a shared cache is filled by several threads", "cache it with `memory = shared`");
        var loops = NestPath.LoopsAround(nest, fill.Name);
        var threads = ImmutableArray.CreateBuilder<For>();
        foreach (string axis in d.List<WordValue>("axes").Select(w => w.Word))
        {
            var loop = loops.FirstOrDefault(f => f.Axis == axis) ?? throw Refuse($"no loop around it is bound to `{axis}`", $"bind one first: `i.bind({axis})`");
            if (!CacheReadStep.IsThread(loop)) throw Refuse($"`{axis}` runs over blocks, which share no memory", "name thread axes");
            if (threads.Contains(loop)) throw Refuse($"`{axis}` is named twice", "name each axis once");
            threads.Add(loop);
        }
        // The loops that only the fill has; the first thread runs them all until now.
        int first = loops.Length;
        while (first > 0 && NestPath.SoleInstance(loops[first - 1]) is not null) first--;
        var own = loops[first..];
        bool IsIdle(IterVar it) => threads.Any(t => ReferenceEquals(it.Binding, t.Variable)) && StructuralComparer.Equal(it.End, it.Start + 1);
        if (own.IsEmpty || own.Any(l => l.Kind is not LoopKind.Serial || !fill.Iterations.Any(it => ReferenceEquals(it.Binding, l.Variable))) || threads.Any(t => !fill.Iterations.Any(it => IsIdle(it) && ReferenceEquals(it.Binding, t.Variable))))
            throw Refuse("its loops are scheduled, or threads share it already", "write `cooperative` directly after `cache_read`");

        Expr thread = Expr.Index(0), count = Expr.Index(1);
        foreach (var t in threads)
        {
            thread = thread * t.Extent + (t.Variable - t.Min);
            count = count * t.Extent;
        }
        var step = Var.Index(fill.Name + "_step");
        var total = own.Aggregate(Expr.Index(1), (n, l) => n * l.Extent);
        Expr rest = step * count + thread;
        var at = new Dictionary<Var, Expr>();
        for (int n = own.Length - 1; n >= 0; n--)
        {
            at.Add(own[n].Variable, own[n].Min + (n == 0 ? rest : rest % own[n].Extent));
            rest = rest / own[n].Extent;
        }
        var iterations = fill.Iterations.Select(it =>
            threads.FirstOrDefault(t => ReferenceEquals(it.Binding, t.Variable)) is { } t ? it with { End = it.Start + t.Extent } : it with { Binding = it.Binding.Substitute(at) }).ToImmutableArray();
        nest = NestPath.ReplaceLoop(nest, own[0].Variable, _ => new For(step, Expr.Index(0), Expr.CeilDiv(total, count), LoopKind.Serial, fill.With(iterations: iterations), null, fill.Origin));
        return new(state.Replace(number, nest).Touch(fill.Name), Evidence.Proved("each element is filled by one thread, and barriers stand around its use"));

        DiagnosticException Refuse(string why, string help) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "cooperative", d.Stage.Name, why, help), fill, "filled here"));
    }
}
