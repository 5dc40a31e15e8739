using System.Collections.Immutable;

namespace Tx.Lang.Schedules;

/// <summary>What may stand at a place of a directive.</summary>
public enum ScheduleType
{
    Integer, Boolean, Loop, Stage, Word, Layout, Condition, Instruction,
    /// <summary>A loop, or the word <c>root</c>.</summary>
    Place,
}

/// <param name="Words">For <see cref="ScheduleType.Word"/>: what is allowed.</param>
/// <param name="IsVariadic">Takes all remaining positional arguments; the last positional parameter.</param>
public sealed record PrimitiveParameter(string Name, ScheduleType Type, bool IsOptional = false, bool IsVariadic = false, ImmutableArray<string> Words = default);

/// <summary>What a primitive gives.</summary>
public enum PrimitiveResults
{
    None, OneLoop, OneStage,
    /// <summary>One loop more than there are factors.</summary>
    FactorsPlusOne,
    /// <summary>An outer and an inner loop for each loop that is named: all outer ones first.</summary>
    TwoEach,
    /// <summary>One loop for a call with a factor, none without: what is left outside.</summary>
    OuterLoopOfFactor,
}

/// <param name="Receiver"><see cref="ScheduleType.Loop"/> or <see cref="ScheduleType.Stage"/>; null for a function such as <c>auto()</c>.</param>
/// <param name="ConsumesReceiver">The receiver is gone afterwards: split or fused.</param>
/// <param name="ConsumesArguments">So are the loops among its arguments.</param>
/// <param name="Summary">One line of help.</param>
public sealed record PrimitiveSignature(
    string Name, ScheduleType? Receiver, ImmutableArray<PrimitiveParameter> Parameters, PrimitiveResults Results, string Summary,
    bool ConsumesReceiver = false, bool ConsumesArguments = false);

/// <summary>The words of schedules: every primitive with its receiver, parameters and results.</summary>
public static class Vocabulary
{
    public static readonly ImmutableArray<string> Tails = ["guard", "mask", "peel", "shift", "pad"];
    public static readonly ImmutableArray<string> Memories = ["global", "local", "register", "shared"];
    public static readonly ImmutableArray<string> Axes = ["block.x", "block.y", "block.z", "thread.x", "thread.y", "thread.z"];

    private static readonly PrimitiveParameter s_tail = new("tail", ScheduleType.Word, IsOptional: true, Words: Tails);
    private static readonly PrimitiveParameter s_memory = new("memory", ScheduleType.Word, IsOptional: true, Words: Memories);

    public static ImmutableArray<PrimitiveSignature> Primitives { get; } =
    [
        new("split", ScheduleType.Loop, [new("factors", ScheduleType.Integer, IsVariadic: true), s_tail], PrimitiveResults.FactorsPlusOne,
            "cuts a loop into an outer loop and one inner loop for each factor", ConsumesReceiver: true),
        new("tile", ScheduleType.Stage, [new("loops", ScheduleType.Loop, IsVariadic: true), new("factors", ScheduleType.Integer, IsVariadic: true), s_tail], PrimitiveResults.TwoEach,
            "splits several loops and puts all inner ones inside", ConsumesArguments: true),
        new("fuse", ScheduleType.Loop, [new("loops", ScheduleType.Loop, IsOptional: true, IsVariadic: true)], PrimitiveResults.OneLoop,
            "makes one loop of directly nested ones", ConsumesReceiver: true, ConsumesArguments: true),
        new("reorder", ScheduleType.Stage, [new("loops", ScheduleType.Loop, IsVariadic: true)], PrimitiveResults.None, "permutes loops among the places they hold"),
        new("unroll", ScheduleType.Loop, [new("factor", ScheduleType.Integer, IsOptional: true)], PrimitiveResults.OuterLoopOfFactor, "copies the body once for each iteration"),
        new("vectorize", ScheduleType.Loop, [new("factor", ScheduleType.Integer, IsOptional: true)], PrimitiveResults.OuterLoopOfFactor, "runs the iterations in the lanes of vectors"),
        new("parallel", ScheduleType.Loop, [], PrimitiveResults.None, "runs the iterations on all threads"),
        new("bind", ScheduleType.Loop, [new("axis", ScheduleType.Word, Words: Axes)], PrimitiveResults.None, "runs the iterations along an axis of a device"),
        new("vthread", ScheduleType.Loop, [], PrimitiveResults.None, "interleaves the iterations as virtual threads"),
        new("pipeline", ScheduleType.Loop, [new("stages", ScheduleType.Integer, IsOptional: true)], PrimitiveResults.None, "fills the caches of later iterations ahead of time"),
        new("partition", ScheduleType.Loop, [], PrimitiveResults.None, "cuts a loop where its conditions change, so that the middle has none"),
        new("specialize", ScheduleType.Loop, [new("condition", ScheduleType.Condition)], PrimitiveResults.None, "gives a loop a version of its own for a condition"),
        new("tensorize", ScheduleType.Loop, [new("instruction", ScheduleType.Instruction), new("init", ScheduleType.Instruction, IsOptional: true)], PrimitiveResults.None,
            "puts an instruction in the place of a loop and those inside"),
        new("prefetch", ScheduleType.Loop, [new("tensor", ScheduleType.Stage), new("distance", ScheduleType.Integer, IsOptional: true)], PrimitiveResults.None,
            "asks for what a later iteration reads"),
        new("fold", ScheduleType.Loop, [new("extent", ScheduleType.Integer)], PrimitiveResults.None, "keeps only the last few elements of a dimension, in a ring"),
        new("pad", ScheduleType.Loop, [new("multiple", ScheduleType.Integer)], PrimitiveResults.None, "makes the storage of a dimension a multiple"),
        new("inline", ScheduleType.Stage, [], PrimitiveResults.None, "puts the definition where it is read"),
        new("compute_at", ScheduleType.Stage, [new("at", ScheduleType.Place), new("store_at", ScheduleType.Place, IsOptional: true)], PrimitiveResults.None,
            "computes a stage inside a loop of the stages that read it"),
        new("store_at", ScheduleType.Stage, [new("at", ScheduleType.Place)], PrimitiveResults.None, "says in which loop a stage's storage lives"),
        new("reverse_compute_at", ScheduleType.Stage, [new("at", ScheduleType.Place)], PrimitiveResults.None, "computes a stage inside a loop of the stage that it reads"),
        new("cache_read", ScheduleType.Stage, [new("at", ScheduleType.Place), s_memory, new("layout", ScheduleType.Layout, IsOptional: true)], PrimitiveResults.OneStage,
            "copies what is read inside a loop"),
        new("cache_write", ScheduleType.Stage, [new("at", ScheduleType.Place), s_memory, new("layout", ScheduleType.Layout, IsOptional: true)], PrimitiveResults.OneStage,
            "computes into a local tile that is copied at the end of a loop's body"),
        new("rfactor", ScheduleType.Stage, [new("loop", ScheduleType.Loop)], PrimitiveResults.OneStage, "gives every iteration of a reduction loop a result of its own, merged at the end"),
        new("decompose_reduction", ScheduleType.Stage, [new("at", ScheduleType.Place)], PrimitiveResults.OneStage, "sets the initial value of a reduction in a nest of its own"),
        new("layout", ScheduleType.Stage, [new("map", ScheduleType.Layout)], PrimitiveResults.None, "says how a tensor lies in memory"),
        new("double_buffer", ScheduleType.Stage, [], PrimitiveResults.None, "gives a cache two copies, so that one is filled while the other is read"),
        new("nontemporal", ScheduleType.Stage, [], PrimitiveResults.None, "stores past the caches"),
        new("cooperative", ScheduleType.Stage, [new("axes", ScheduleType.Word, IsVariadic: true, Words: Axes)], PrimitiveResults.None, "lets all threads of a block fill a cache together"),
        new("auto", null, [new("stage", ScheduleType.Stage, IsOptional: true)], PrimitiveResults.None, "gives what is not scheduled yet the default"),
    ];

    private static readonly ImmutableDictionary<string, PrimitiveSignature> s_byName = Primitives.ToImmutableDictionary(p => p.Name, StringComparer.Ordinal);

    public static PrimitiveSignature? Find(string name) => s_byName.GetValueOrDefault(name);
}
