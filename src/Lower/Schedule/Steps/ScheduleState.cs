using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Steps;

/// <summary>A function under a schedule: its nests, and what the schedule's handles mean in them. Immutable.</summary>
/// <param name="Function">Everything but the body, which <paramref name="Nests"/> holds.</param>
/// <param name="Loops">The loop of each handle that a step has bound.</param>
/// <param name="Stages">The instance of each stage handle that a step has bound or moved to another instance.</param>
/// <param name="Scheduled">Instances whose loops a directive has given a shape: <c>auto()</c> leaves them alone. Splits, parallel loops and placement do not count: what
/// is inside of those is still open.</param>
public sealed record ScheduleState(
    LoopFunction Function, NestTable Nests, CpuTarget Target, ImmutableDictionary<LoopHandle, Var> Loops, ImmutableDictionary<StageHandle, string> Stages, ImmutableHashSet<string> Scheduled)
{
    /// <summary>Stages that are computed in loops of others, by the names of their instances.</summary>
    public ImmutableDictionary<string, Placement.PlacedStage> Placed { get; init; } = ImmutableDictionary.Create<string, Placement.PlacedStage>(StringComparer.Ordinal);

    /// <summary>For a loop that computes a tile in registers, the loops that start and copy the tile: they take its marks while they have none.</summary>
    public ImmutableDictionary<Var, ImmutableArray<Var>> Mirrors { get; init; } = ImmutableDictionary<Var, ImmutableArray<Var>>.Empty;

    public static ScheduleState Of(LoopFunction plain, CpuTarget target) =>
        new(plain, NestTable.Of(plain.Body), target, ImmutableDictionary<LoopHandle, Var>.Empty, ImmutableDictionary<StageHandle, string>.Empty, ImmutableHashSet.Create<string>(StringComparer.Ordinal));

    public LoopFunction ToFunction() => Function.With(Nests.Body, Function.Temporaries);

    public ScheduleState With(LoopHandle handle, Var loop) => this with { Loops = Loops.SetItem(handle, loop) };
    public ScheduleState With(StageHandle handle, string instance) => this with { Stages = Stages.SetItem(handle, instance) };
    public ScheduleState Replace(int nest, Stmt with) => this with { Nests = Nests.Replace(nest, with) };
    public ScheduleState Touch(params IEnumerable<string> instances) => this with { Scheduled = Scheduled.Union(instances) };
    public ScheduleState AddTemporary(Buffer buffer) => this with { Function = Function.With(temporaries: Function.Temporaries.Add(buffer)) };
    public ScheduleState RemoveTemporary(Buffer buffer) => this with { Function = Function.With(temporaries: Function.Temporaries.Remove(buffer)) };

    /// <summary>The name of the instance that a stage handle means.</summary>
    public string InstanceName(StageHandle stage) => Stages.TryGetValue(stage, out string? name) ? name : stage.Entry?.Name ?? stage.Name;

    /// <summary>The instance that a stage handle means; null where it is a parameter, or was inlined.</summary>
    public Instance? FindInstance(StageHandle stage) => FindInstance(InstanceName(stage));

    public Instance? FindInstance(string name) => Nests.FindNest(name) is { } nest ? Nests.Instances(nest).First(i => i.Name == name) : null;

    /// <summary>The tensor that a stage handle means: what its instance writes, or a parameter. A reduction in lanes writes its partial results, and the tensor after it.</summary>
    public Buffer? FindBuffer(StageHandle stage)
    {
        var written = FindInstance(stage)?.Writes[0].Buffer;
        if (written is not null && (stage.Entry is null || written.Scope is not MemoryScope.Register)) return written;
        return Function.Parameters.Concat(Function.Temporaries).FirstOrDefault(b => b.Name == (stage.Entry?.Tensor ?? stage.Name)) ?? written;
    }

    /// <summary>The loop that a handle means; null where it is gone.</summary>
    public Var? FindLoop(LoopHandle handle)
    {
        if (Loops.TryGetValue(handle, out var bound)) return Nests.FindNest(bound) is null ? null : bound;
        return handle is { Stage: { } stage, Index: { } index } && FindInstance(stage) is { } i ? LoopOf(i, index) : null;
    }

    /// <summary>The loop that runs over an index and nothing else; a carried loop may be shifted against it.</summary>
    public Var? LoopOf(Instance instance, string index)
    {
        foreach (var it in instance.Iterations)
        {
            if (it.Variable.Name != "v" + index) continue;
            if (it.Binding is Var v) return Nests.FindNest(v) is null ? null : v;
            if (it.Kind is IterKind.Opaque && it.Binding.FreeVars().Where(x => Nests.FindNest(x) is not null).ToList() is [var carried]) return carried;
        }
        return null;
    }

    /// <summary>A name that no instance and no buffer has yet.</summary>
    public string UniqueName(string name)
    {
        string unique = name;
        for (int n = 2; Nests.FindNest(unique) is not null || Function.Temporaries.Any(t => t.Name == unique) || Function.Parameters.Any(p => p.Name == unique); n++)
            unique = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}{n}");
        return unique;
    }
}
