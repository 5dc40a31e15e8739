using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

// Steps that need a device: its blocks and threads, and the memory that the threads of a block share.
internal sealed partial class ScheduleGenerator
{
    private IEnumerable<(int Weight, string Primitive, Func<Proposal?> Make)> DeviceProposals() => !IsDevice
        ? [(1, "bind", Bind), (1, "vthread", () => OnLoop("vthread", AnyLoop(IsShort))), (1, "cooperative", Cooperative)]
        : [(14, "bind", Bind), (7, "vthread", () => OnLoop("vthread", AnyLoop(IsShort))), (10, "cooperative", Cooperative), (10, "cache_read", SharedCache)];

    private bool IsDevice => _state.Function.Target is not null;

    private static bool IsThread(For f) => f.Kind is LoopKind.Bound && f.Axis!.StartsWith("thread", StringComparison.Ordinal);

    private bool IsInThread(Live l) => Around(l).Any(IsThread);

    private IEnumerable<For> Around(Live l) => LoopPlace.LoopsIn(_state.Nests[l.Nest]).Where(f => ReferenceEquals(f.Variable, l.Variable) || LoopPlace.LoopsIn(f.Body).Any(x => ReferenceEquals(x.Variable, l.Variable)));

    private Proposal? Bind()
    {
        if (AnyLoop(HasIterations) is not { } l) return null;
        var used = LoopPlace.LoopsIn(_state.Nests[l.Nest]).Select(f => f.Axis).OfType<string>().ToHashSet();
        var axes = Vocabulary.Axes.Where(a => !used.Contains(a) && (!IsInThread(l) || a.StartsWith("thread", StringComparison.Ordinal))).ToList();
        if (axes.Count == 0 || OneIn(12)) axes = [.. Vocabulary.Axes];
        if (OneIn(2) && axes.Where(a => a.StartsWith("thread", StringComparison.Ordinal)).ToList() is { Count: > 0 } threads) axes = threads;
        return OnLoop("bind", l, ("axis", new WordValue(Pick(axes))));
    }

    private Proposal? SharedCache()
    {
        var places = LiveLoops().Where(IsInThread).ToList();
        if (places.Count == 0 || AnyTensor() is not { } tensor || _state.FindBuffer(tensor) is not { } buffer) return null;
        if (places.Where(l => _state.Nests.Readers(buffer).Contains(l.Nest)).ToList() is { Count: > 0 } readers) places = readers;
        return Directive("cache_read", new StageValue(tensor), [("at", new LoopValue(Pick(places).Handle)), ("memory", new WordValue("shared"))], 1) is { } d ? new(d) : null;
    }

    private Proposal? Cooperative() => AnyStage(s => s.IsMade && _state.FindBuffer(s) is { Scope: MemoryScope.Shared }) is { } stage ? CooperativeOf(stage) : null;

    private Proposal? CooperativeOf(StageHandle stage)
    {
        if (_state.Nests.FindNest(_state.InstanceName(stage)) is not { } nest) return null;
        var axes = LoopPlace.LoopsIn(_state.Nests[nest]).Where(IsThread).Select(f => f.Axis!).Where(_ => !OneIn(4)).ToList();
        if (axes.Count == 0 || OneIn(12)) axes = [Pick(Vocabulary.Axes)];
        return OnStage("cooperative", stage, ("axes", List(axes.Select(a => new WordValue(a)))));
    }
}
