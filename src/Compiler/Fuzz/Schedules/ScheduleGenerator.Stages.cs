using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

using ListValue = Lang.Schedules.ListValue;

// Steps on stages: where they are computed and stored, caches, reductions.
internal sealed partial class ScheduleGenerator
{
    private IEnumerable<(int Weight, string Primitive, Func<Proposal?> Make)> StageProposals() =>
    [
        (4, "inline", () => OnStage("inline", AnyStage(IsRead))), (12, "compute_at", ComputeAt), (5, "store_at", StoreAt), (14, "reverse_compute_at", ReverseComputeAt),
        (8, "cache_read", CacheRead), (8, "cache_write", CacheWrite), (7, "rfactor", RFactor), (7, "decompose_reduction", DecomposeReduction),
        (5, "layout", LayoutOf), (4, "double_buffer", DoubleBuffer), (3, "nontemporal", () => OnStage("nontemporal", AnyStage())), (1, "auto", AutoOf),
    ];

    private Proposal? OnStage(string primitive, StageHandle? stage, params (string, ScheduleValue)[] arguments) =>
        stage is { } s && Directive(primitive, new StageValue(s), arguments) is { } d ? new(d) : null;

    private bool IsRead(StageHandle stage) => _state.FindBuffer(stage) is { } b && _state.Nests.Readers(b).Any(n => n != _state.Nests.FindNest(_state.InstanceName(stage)));

    private static bool IsPart(StageHandle stage) => stage.Entry?.Indices.Any(i => i.IsReduction) ?? false;

    /// <summary>A parameter, or what a stage computes.</summary>
    private StageHandle? AnyTensor()
    {
        var parameters = _op.Tensors.Where(t => t.Role is TensorRole.Parameter && t.Rank > 0).Select(t => _stages.TryGetValue(t.Name, out var known) ? known : _stages[t.Name] = new(t.Name, null, tensor: t));
        var all = parameters.Concat(LiveStages()).ToList();
        return all.Count == 0 ? null : Pick(all);
    }

    /// <summary>A loop around reads of a stage, mostly; sometimes any, sometimes <c>root</c>.</summary>
    private ScheduleValue? ReaderLoop(StageHandle stage)
    {
        if (OneIn(15)) return new WordValue("root");
        var readers = _state.FindBuffer(stage) is { } b ? _state.Nests.Readers(b) : [];
        return AnyLoop(l => readers.Contains(l.Nest) && !ReferenceEquals(l.Handle.Stage, stage)) is { } found ? new LoopValue(found.Handle) : null;
    }

    /// <summary>A loop around another, in the same nest.</summary>
    private ScheduleValue Outside(ScheduleValue place)
    {
        if (place is not LoopValue { Loop: var inner } || OneIn(6) || _state.FindLoop(inner) is not { } v) return new WordValue("root");
        var outer = LiveLoops().Where(l => ReferenceEquals(l.Variable, v) || LoopPlace.LoopsIn(l.Loop.Body).Any(f => ReferenceEquals(f.Variable, v))).ToList();
        return outer.Count == 0 ? new WordValue("root") : new LoopValue(Pick(outer).Handle);
    }

    private Proposal? ComputeAt()
    {
        if (AnyStage(IsRead) is not { } stage || ReaderLoop(stage) is not { } at) return null;
        return OneIn(2) ? OnStage("compute_at", stage, ("at", at)) : OnStage("compute_at", stage, ("at", at), ("store_at", Outside(at)));
    }

    private Proposal? StoreAt()
    {
        if (AnyStage(IsRead) is not { } stage) return null;
        if (_state.FindInstance(stage) is { } i && _state.Nests.FindNest(i.Name) is { } nest && AnyLoop(l => l.Nest == nest) is { } l)
            return OnStage("store_at", stage, ("at", Outside(new LoopValue(l.Handle))));
        return OnStage("store_at", stage, ("at", new WordValue("root")));
    }

    private Proposal? ReverseComputeAt()
    {
        if (AnyStage() is not { } stage || _state.FindInstance(stage) is not { } instance) return null;
        var writers = instance.Reads.SelectMany(r => _state.Nests.Writers(r.Buffer)).ToHashSet();
        return AnyLoop(l => writers.Contains(l.Nest) && !ReferenceEquals(l.Handle.Stage, stage)) is { } at ? OnStage("reverse_compute_at", stage, ("at", new LoopValue(at.Handle))) : null;
    }

    private Proposal? CacheRead()
    {
        if (AnyTensor() is not { } tensor || ReaderLoop(tensor) is not { } at) return null;
        return Cache("cache_read", tensor, at);
    }

    private Proposal? CacheWrite()
    {
        if (AnyStage() is not { } stage) return null;
        var nest = _state.Nests.FindNest(_state.InstanceName(stage));
        ScheduleValue? at = OneIn(8) ? new WordValue("root") : AnyLoop(l => l.Nest == nest) is { } l ? new LoopValue(l.Handle) : null;
        return at is null ? null : Cache("cache_write", stage, at);
    }

    private Proposal? Cache(string primitive, StageHandle stage, ScheduleValue at)
    {
        var arguments = new List<(string, ScheduleValue)> { ("at", at) };
        if (OneIn(2)) arguments.Add(("memory", new WordValue(OneIn(8) ? Pick(Vocabulary.Memories) : Pick(["global", "local", "local", "register"]))));
        if (OneIn(3) && Layout(stage) is { } layout) arguments.Add(("layout", layout));
        return Directive(primitive, new StageValue(stage), arguments, 1) is { } d ? new(d) : null;
    }

    private LayoutValue? Layout(StageHandle stage)
    {
        // A layout is over the dimensions of the tensor as it was declared.
        string? tensor = stage.Tensor?.Name ?? stage.Entry?.Tensor;
        int rank = _op.Tensors.FirstOrDefault(t => t.Name == tensor)?.Rank ?? _state.FindBuffer(stage)?.Shape.Length ?? 0;
        if (rank == 0) return null;
        ImmutableArray<IndexSymbol> axes = [.. Enumerable.Range(0, rank).Select(n => new IndexSymbol(string.Create(CultureInfo.InvariantCulture, $"a{n}"), false, null))];
        var body = axes.Select(Term (a) => new IndexTerm(a)).OrderBy(_ => OneIn(2) ? _random.Next() : 0).ToList();
        if (OneIn(2))
        {
            int at = _random.Next(body.Count);
            var (axis, by) = (body[at], ConstTerm.Int(2 + _random.Next(5)));
            body[at] = new BinaryTerm(BinaryOp.Div, axis, by);
            body.Insert(OneIn(2) ? body.Count : at + 1, new BinaryTerm(BinaryOp.Mod, axis, by));
        }
        else if (OneIn(8)) body[0] = new BinaryTerm(BinaryOp.Div, body[0], ConstTerm.Int(2));
        return new(axes, [.. body]);
    }

    private Proposal? LayoutOf()
    {
        if (AnyStage(IsRead) is not { } stage || Layout(stage) is not { } layout) return null;
        return OnStage("layout", stage, ("map", layout));
    }

    private Proposal? DoubleBuffer() => OnStage("double_buffer", AnyStage(s => s.IsMade));

    private Proposal? RFactor()
    {
        if (AnyStage(IsPart) is not { } stage) return null;
        var nest = _state.Nests.FindNest(_state.InstanceName(stage));
        var instance = _state.FindInstance(stage);
        bool Reduces(Live l) => l.Nest == nest && instance is not null && instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.FreeVars().Contains(l.Variable));
        return AnyLoop(Reduces) is { } loop && Directive("rfactor", new StageValue(stage), [("loop", new LoopValue(loop.Handle))], 1) is { } d ? new(d) : null;
    }

    private Proposal? DecomposeReduction()
    {
        if (AnyStage(IsPart) is not { } stage) return null;
        var nest = _state.Nests.FindNest(_state.InstanceName(stage));
        ScheduleValue? at = OneIn(6) ? new WordValue("root") : AnyLoop(l => l.Nest == nest) is { } l ? new LoopValue(l.Handle) : null;
        return at is not null && Directive("decompose_reduction", new StageValue(stage), [("at", at)], 1) is { } d ? new(d) : null;
    }

    // Steps that need another before them: rings need storage in a loop, what fills ahead needs a cache.
    private void Follow(Directive d)
    {
        if ((d.Primitive.Name is "store_at" || d.Has("store_at")) && d.Stage.Entry is { Indices: { IsEmpty: false } indices } entry && OneIn(2))
            for (int n = 0; n < 2; n++) _follows.Enqueue(() => Directive("fold", new LoopValue(Loop(entry, Pick(indices))), [("extent", Number(1 + _random.Next(8)))]) is { } fold ? new(fold) : null);
        if (d.Primitive.Name is "bind" && d.Word("axis")!.StartsWith("thread", StringComparison.Ordinal) && !OneIn(3)) _follows.Enqueue(SharedCache);
        // An order that would void a mark.
        if (d.Primitive.Name is "parallel" or "vectorize" or "bind" && OneIn(6)) _follows.Enqueue(Reorder);
        if (d.Primitive.Name is "cache_read" && d["at"] is LoopValue at)
        {
            if (OneIn(4)) _follows.Enqueue(() => OnStage("double_buffer", d.ResultStage(0)));
            if (d.Word("memory") is "shared" && !OneIn(5)) _follows.Enqueue(() => CooperativeOf(d.ResultStage(0)));
            if (OneIn(3)) _follows.Enqueue(() => Directive("pipeline", at, [("stages", Number(2 + _random.Next(2)))]) is { } p ? new(p) : null);
        }
    }

    // Once for each stage.
    private Proposal? AutoOf() => AnyStage() is { } stage && _defaulted.Add(stage) && Directive("auto", null, [("stage", new StageValue(stage))]) is { } d ? new(d) : null;
}
