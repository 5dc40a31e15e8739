using Tx.Core;

namespace Tx.Lower.Schedule.Steps;

/// <summary>Why a step of a schedule is refused, and what is said of steps without effect.</summary>
public static class ScheduleRefusals
{
    public static readonly DiagnosticDescriptor LoopGone = new("TX2101", Severity.Error, "loop is gone",
        "there is no loop `{0}` any more", "name the loops that took its place");
    public static readonly DiagnosticDescriptor StageGone = new("TX2102", Severity.Error, "stage is gone",
        "`{0}` has no loops here: it is a parameter, or another step has dissolved it", "schedule it before that step, or leave this line out");
    public static readonly DiagnosticDescriptor AlreadyMarked = new("TX2103", Severity.Error, "loop is marked already",
        "`{0}` is marked {1} already, and cannot be {2}", "do it before `{0}.{3}()`");
    public static readonly DiagnosticDescriptor ExtentNotConstant = new("TX2104", Severity.Error, "extent is not constant",
        "`{0}` cannot be {1}: it runs {2} times, which is no constant", "split it first, and take the inner loop: `{0}.{3}(8)`");
    public static readonly DiagnosticDescriptor TooManyCopies = new("TX2125", Severity.Error, "too many copies of a body",
        "`{0}` cannot be unrolled: {1} copies of its body are more code than a loop costs", "unroll by a small factor, which leaves a loop outside: `{2}.unroll(8)`");
    public static readonly DiagnosticDescriptor IterationsDepend = new("TX2105", Severity.Error, "iterations need each other",
        "`{0}` cannot be {1}: {2}", "{3}");
    public static readonly DiagnosticDescriptor NotNested = new("TX2106", Severity.Error, "loops are not directly nested",
        "`{0}` is not directly inside `{1}`", "{2}");
    public static readonly DiagnosticDescriptor OrderMatters = new("TX2107", Severity.Error, "order of iterations matters",
        "`{0}` cannot be reordered this way: {1}", "{2}");
    public static readonly DiagnosticDescriptor RangeDepends = new("TX2108", Severity.Error, "range depends on a loop",
        "the range of `{0}` depends on `{1}`, so `{0}` stays inside of it", "leave `{1}` outside of `{0}`");
    public static readonly DiagnosticDescriptor NotDecided = new("TX2109", Severity.Error, "step is not decided",
        "`{0}` is neither proved nor refuted: {1}", "{2}");
    public static readonly DiagnosticDescriptor Disproved = new("TX2153", Severity.Error, "step changes the result",
        "`{0}` changes the result: {1}", "leave this line out");
    public static readonly DiagnosticDescriptor NotChecked = new("TX2154", Severity.Error, "step is not checked",
        "`{0}` is not proved, and checking it takes more than {1} ms", "{2}");
    public static readonly DiagnosticDescriptor NestedParallel = new("TX2110", Severity.Error, "parallel loop in a parallel loop",
        "`{0}` cannot be parallel: `{1}`, which is parallel, is {2} it", "keep one of the two, or fuse them first: `{3}.fuse({4})`");
    public static readonly DiagnosticDescriptor NoEffect = new("TX2111", Severity.Warning, "step without effect",
        "this changes nothing: {0}", "leave it out");
    public static readonly DiagnosticDescriptor TailNotAllowed = new("TX2112", Severity.Error, "tail does not fit",
        "`tail = {0}` does not fit `{1}`: {2}", "use `tail = guard`");
    public static readonly DiagnosticDescriptor PlaceNotLegal = new("TX2113", Severity.Error, "place does not enclose the reads",
        "`{0}` cannot be computed at `{1}`: {2}", "`{0}` can be computed at: {3}");
    public static readonly DiagnosticDescriptor StageHasShape = new("TX2114", Severity.Error, "stage is scheduled already",
        "`{0}` cannot be placed: {1}", "place it first, then schedule its loops");
    public static readonly DiagnosticDescriptor NotInlined = new("TX2115", Severity.Error, "stage cannot be inlined",
        "`{0}` cannot be inlined: {1}", "compute it where it is read instead: `{0}.compute_at(…)`");
    public static readonly DiagnosticDescriptor NotReassociated = new("TX2116", Severity.Error, "reduction keeps its order",
        "`{0}` cannot be {1}: {2}", "{3}");
    public static readonly DiagnosticDescriptor NotVectorized = new("TX2117", Severity.Error, "loop has no vector form",
        "`{0}` cannot be vectorised: {1}", "{2}");
    public static readonly DiagnosticDescriptor MarkVoided = new("TX2118", Severity.Error, "step would void a mark",
        "after this step `{0}` could not stay {1}: {2}", "do this step first, or leave the mark of `{0}` out");
    public static readonly DiagnosticDescriptor LayoutNotOneToOne = new("TX2119", Severity.Error, "layout is not one-to-one",
        "this layout puts two elements of `{0}` in one place", "{1}");
    public static readonly DiagnosticDescriptor FoldTooSmall = new("TX2120", Severity.Error, "ring is too small",
        "`{0}` cannot be folded to {1}: an element is overwritten before it is read for the last time", "use `{2}.fold({3})` or more");
    public static readonly DiagnosticDescriptor StorageNotLegal = new("TX2121", Severity.Error, "place of storage",
        "`{0}` cannot be stored at `{1}`: {2}", "{3}");
    public static readonly DiagnosticDescriptor CacheNotLegal = new("TX2122", Severity.Error, "cache is not possible",
        "`{0}` cannot be cached at `{1}`: {2}", "{3}");
    public static readonly DiagnosticDescriptor WrongStage = new("TX2123", Severity.Error, "step does not fit the stage",
        "`{0}` does not fit `{1}`: {2}", "{3}");
    public static readonly DiagnosticDescriptor FactorsTooLarge = new("TX2126", Severity.Error, "factors too large",
        "`{0}` cannot be split: the product of the factors is above {1}", "take smaller factors, or fewer");
    public static readonly DiagnosticDescriptor NotTensorized = new("TX2124", Severity.Error, "nest does not match the instruction",
        "`{0}` does not compute what `{1}` does: {2}", "{3}");
    public static readonly DiagnosticDescriptor LayoutDoesNotFit = new("TX2135", Severity.Error, "layout does not fit",
        "this layout does not fit `{0}`: {1}", "{2}");
    public static readonly DiagnosticDescriptor NotPipelined = new("TX2136", Severity.Error, "cache is not filled ahead",
        "`{0}` cannot be filled ahead: {1}", "{2}");
    public static readonly DiagnosticDescriptor NotPrefetched = new("TX2137", Severity.Error, "nothing to prefetch",
        "`{0}` cannot be prefetched in `{1}`: {2}", "{3}");
    public static readonly DiagnosticDescriptor NeedsDevice = new("TX2149", Severity.Error, "needs a device backend",
        "{0} needs a device backend, and the only backend is for CPUs", "use `parallel`, `vectorize` and `unroll` on a CPU");
    public static readonly DiagnosticDescriptor InitNotLegal = new("TX2150", Severity.Error, "initial value is set too late or too early",
        "the initial value of `{0}` cannot be set at `{1}`: {2}", "it can be set at: {3}");
    public static readonly DiagnosticDescriptor ConditionNotKnown = new("TX2151", Severity.Error, "condition cannot be tested here",
        "this condition cannot be tested in the kernel: {0}", "use dimensions, constants, comparisons and `%` by a constant: `N % 8 == 0`");
    public static readonly DiagnosticDescriptor NotPartitioned = new("TX2152", Severity.Error, "loop cannot be cut",
        "`{0}` cannot be partitioned: {1}", "{2}");
}
