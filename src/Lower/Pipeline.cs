using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Simplify;

namespace Tx.Lower;

/// <summary>One step of lowering: a pure function with the reason why it stands where it stands.</summary>
public sealed record Pass(string Name, string Because, LoopLevel From, LoopLevel To, Func<LoopModule, LoopModule> Run);

/// <summary>A rule about the order of two passes, with its reason; tests hold the list to it.</summary>
public sealed record OrderConstraint(string Before, string After, string Because);

/// <summary>From scheduled nests to what a backend emits: all passes in order.</summary>
public static class Pipeline
{
    public static ImmutableArray<OrderConstraint> Constraints { get; } =
    [
        new("decompose_reductions", "lower_instances", "an instance without a loop of its own is replaced where it stands"),
        new("lower_instances", "lower_instructions", "an instruction stands in an instance"),
        new("lower_instructions", "simplify_loops", "declared loops are loops like any other"),
        new("lower_instances", "split_interior", "a domain's condition is what the boundary is about"),
        new("simplify_loops", "forward_copies", "a condition that sizes decide is gone"),
        new("forward_copies", "conditional_nests", "a nest that is no copy any more reads nothing"),
        new("conditional_nests", "split_interior", "versions of a loop would hide the condition"),
        new("simplify_loops", "trim_loops", "a condition that always holds ends no loop"),
        new("trim_loops", "split_interior", "a guard that ends a loop needs no second version of its body"),
        new("simplify_loops", "split_interior", "a condition that always holds needs no second version"),
        new("split_interior", "expand_vectors", "a condition over a vector's lanes is a comparison only before"),
        new("split_interior", "unswitch_vectors", "the interior needs no conditions that its own test implies"),
        new("unswitch_vectors", "expand_vectors", "a condition has one lane only before"),
        new("expand_vectors", "hoist_invariants", "what is the same in all lanes is one value only then"),
        new("simplify_unrolled", "hoist_invariants", "conditions that the ranges of loops imply are gone from what is read"),
        new("hoist_invariants", "lower_math", "a function's cost is hidden in its arithmetic"),
        new("serialize_loops", "expand_vectors", "a parallel loop inside a vector runs in order"),
        new("expand_vectors", "unroll_loops", "a body is vectorised once, not once a copy; what has no vector form is unrolled"),
        new("unroll_loops", "simplify_unrolled", "the copies' variables are constants now"),
        new("simplify_unrolled", "scalarize_registers", "an index is known to be constant when it is folded"),
        new("scalarize_registers", "flatten_storage", "a flat index hides which dimension was not constant"),
        new("expand_vectors", "lower_math", "one expansion for all lanes"),
        new("unroll_loops", "lower_math", "polynomials would count against the size of an unrolled loop"),
        new("emulate_narrow_types", "lower_math", "a function of a small float is that of f32, rounded"),
        new("unroll_loops", "emulate_narrow_types", "the arithmetic of a rounding would count against the size of an unrolled loop"),
        new("flatten_storage", "simplify_flat", "sums of products with strides are put in order"),
    ];

    /// <summary>Rules about passes that only C has.</summary>
    public static ImmutableArray<OrderConstraint> ConstraintsForC { get; } =
    [
        new("join_loops", "trim_loops", "a split's guard is the joined loop's end"),
        new("join_loops", "split_interior", "a loop that ends where its guard does has no boundary"),
        new("split_interior", "split_ranges", "versions are what is split"),
        new("plain_loops", "join_tiles", "marks have become numbers of lanes"),
        new("lower_math", "split_rare", "functions have become choices, of which some are rare"),
        new("split_rare", "split_remainder", "the parts' ends are where elements are left"),
        new("join_tiles", "split_rare", "the longer a loop, the less its parts cost"),
        new("flatten_storage", "join_tiles", "the dimensions of a tile are one sum"),
        new("split_interior", "plain_loops", "marks say what is a tile"),
    ];

    /// <summary>The passes for a CPU.</summary>
    public static ImmutableArray<Pass> For(CpuTarget target) =>
    [
        new("decompose_reductions", "first: what starts a reduction is an instance like any other", LoopLevel.Scheduled, LoopLevel.Scheduled, DecomposeReductions.Run),
        new("lower_instances", "early: everything below works on loops and stores", LoopLevel.Scheduled, LoopLevel.Lowered, m => LowerInstances.Run(m, target.FusesMultiplyAdd)),
        new("lower_instructions", "early: what the target does not have are loops like any other", LoopLevel.Lowered, LoopLevel.Lowered, m => LowerInstructions.Run(m, target)),
        new("simplify_loops", "drops the conditions that ranges of loops prove", LoopLevel.Lowered, LoopLevel.Lowered, Simplifier.Simplify),
        new("forward_copies", "while conditions on sizes stand as the text has them, and a store is one element", LoopLevel.Lowered, LoopLevel.Lowered, ForwardCopies.Run),
        new("conditional_nests", "after that: what is computed in place is read under its condition alone", LoopLevel.Lowered, LoopLevel.Lowered, ConditionalNests.Run),
        new("trim_loops", "while a guard is one comparison around what it guards", LoopLevel.Lowered, LoopLevel.Lowered, TrimLoops.Run),
        new("serialize_loops", "before loops are copied, so that the copies agree", LoopLevel.Lowered, LoopLevel.Lowered, SerializeLoops.Run),
        new("split_interior", "while conditions are comparisons of loop variables", LoopLevel.Lowered, LoopLevel.Lowered, SplitInterior.Run),
        new("unswitch_vectors", "after the boundary has its own version, whose masks are then the vectors' own", LoopLevel.Lowered, LoopLevel.Lowered, UnswitchVectors.Run),
        new("expand_vectors", "before unrolling, which copies the vectors", LoopLevel.Lowered, LoopLevel.Lowered, ExpandVectors.Run),
        new("unroll_loops", "gives registers their constant indices", LoopLevel.Lowered, LoopLevel.Lowered, UnrollLoops.Run),
        new("simplify_unrolled", "folds what unrolling made constant", LoopLevel.Lowered, LoopLevel.Lowered, Simplifier.Simplify),
        new("hoist_invariants", "while a function is one node, and vectors show what is the same in all lanes", LoopLevel.Lowered, LoopLevel.Lowered, HoistInvariants.Run),
        new("scalarize_registers", "while indices are still logical", LoopLevel.Lowered, LoopLevel.Expanded, ScalarizeRegisters.Run),
        new("emulate_narrow_types", "functions of a narrow type are functions of its carrier", LoopLevel.Expanded, LoopLevel.Expanded, m => EmulateNarrowTypes.Run(m, target)),
        new("lower_math", "after all copies are made", LoopLevel.Expanded, LoopLevel.Expanded, LowerMath.Run),
        new("flatten_storage", "late: everything above wants logical indices", LoopLevel.Expanded, LoopLevel.Flat, FlattenStorage.Run),
        new("simplify_flat", "last: what a backend emits is as short as it gets", LoopLevel.Flat, LoopLevel.Flat, Simplifier.Simplify),
    ];

    /// <summary>The passes for C that another compiler reads: loops stay loops, their marks apart, and nothing is a vector.</summary>
    public static ImmutableArray<Pass> ForC(CpuTarget target) =>
    [
        new("decompose_reductions", "first: what starts a reduction is an instance like any other", LoopLevel.Scheduled, LoopLevel.Scheduled, DecomposeReductions.Run),
        new("lower_instances", "early: everything below works on loops and stores", LoopLevel.Scheduled, LoopLevel.Lowered, m => LowerInstances.Run(m, target.FusesMultiplyAdd)),
        new("lower_instructions", "early: what has no form in C are loops like any other", LoopLevel.Lowered, LoopLevel.Lowered, m => LowerInstructions.RunForC(m, target)),
        new("simplify_loops", "drops the conditions that ranges of loops prove", LoopLevel.Lowered, LoopLevel.Lowered, Simplifier.Simplify),
        new("forward_copies", "while conditions on sizes stand as the text has them, and a store is one element", LoopLevel.Lowered, LoopLevel.Lowered, ForwardCopies.Run),
        new("conditional_nests", "after that: what is computed in place is read under its condition alone", LoopLevel.Lowered, LoopLevel.Lowered, ConditionalNests.Run),
        new("join_loops", "while guards are whole, and before they end loops", LoopLevel.Lowered, LoopLevel.Lowered, m => UnrollsFor(target) ? m : JoinLoops.Run(m)),
        new("trim_loops", "while a guard is one comparison around what it guards", LoopLevel.Lowered, LoopLevel.Lowered, TrimLoops.Run),
        new("split_interior", "while marks say which loops are a tile, whose length is constant in the interior", LoopLevel.Lowered, LoopLevel.Lowered, SplitInterior.Run),
        new("plain_loops", "after the interior has its own version: the boundary's loops are like any other now", LoopLevel.Lowered, LoopLevel.Lowered, m => PlainLoops.Run(m, UnrollsFor(target))),
        new("unroll_loops", "gives the registers of a machine without vectors their constant indices", LoopLevel.Lowered, LoopLevel.Lowered, UnrollLoops.Run),
        new("simplify_unrolled", "folds what unrolling made constant", LoopLevel.Lowered, LoopLevel.Lowered, Simplifier.Simplify),
        new("split_ranges", "after constants are folded: a boundary of one iteration is its body", LoopLevel.Lowered, LoopLevel.Lowered, m => UnrollsFor(target) ? m : SplitRanges.Run(m)),
        new("trim_boundary", "the loops of the boundary end where their guards do", LoopLevel.Lowered, LoopLevel.Lowered, TrimLoops.Run),
        new("scalarize_registers", "while indices are still logical", LoopLevel.Lowered, LoopLevel.Expanded, ScalarizeRegisters.Run),
        new("emulate_narrow_types", "functions of a narrow type are functions of its carrier", LoopLevel.Expanded, LoopLevel.Expanded, EmulateNarrowTypes.RunWithoutConversions),
        new("lower_math", "after all copies are made", LoopLevel.Expanded, LoopLevel.Expanded, LowerMath.Run),
        new("flatten_storage", "late: everything above wants logical indices", LoopLevel.Expanded, LoopLevel.Flat, FlattenStorage.Run),
        new("join_tiles", "indices are sums, whatever dimensions they had", LoopLevel.Flat, LoopLevel.Flat, m => UnrollsFor(target) ? m : JoinLoops.Run(m)),
        new("split_rare", "after loops have their final length", LoopLevel.Flat, LoopLevel.Flat, m => UnrollsFor(target) ? m : SplitRare.Run(m)),
        new("split_remainder", "after loops are cut into parts, each of which has an end", LoopLevel.Flat, LoopLevel.Flat, m => UnrollsFor(target) ? m : SplitRemainder.Run(m, target)),
        new("simplify_flat", "last: what is printed is as short as it gets", LoopLevel.Flat, LoopLevel.Flat, Simplifier.Simplify),
    ];

    /// <summary>Compilers unroll a tile of vectors themselves; one of scalars they leave in memory.</summary>
    public static bool UnrollsFor(CpuTarget target) => target.VectorBytes <= 8;

    /// <summary>Runs the passes for C.</summary>
    /// <inheritdoc cref="Run(LoopModule, CpuTarget, Action{Pass, LoopModule}?, CancellationToken)"/>
    public static LoopModule RunForC(LoopModule module, CpuTarget target, Action<Pass, LoopModule>? trace = null, CancellationToken cancellation = default) =>
        Run(ForC(target), module, trace, cancellation);

    /// <summary>Runs the passes for a CPU.</summary>
    /// <param name="module">Of any level; passes whose level it has left behind are skipped.</param>
    /// <param name="target">The CPU to lower for.</param>
    /// <param name="trace">Called after each pass with its result.</param>
    /// <param name="cancellation">Looked at before each pass.</param>
    /// <exception cref="DiagnosticException">A buffer is larger than an address space (TX3001).</exception>
    /// <exception cref="InsufficientExecutionStackException">An expression is nested too deeply.</exception>
    public static LoopModule Run(LoopModule module, CpuTarget target, Action<Pass, LoopModule>? trace = null, CancellationToken cancellation = default) =>
        Run(For(target), module, trace, cancellation);

    private static LoopModule Run(ImmutableArray<Pass> passes, LoopModule module, Action<Pass, LoopModule>? trace, CancellationToken cancellation)
    {
        // Sizes are checked first: products of extents that fit are safe to compute with.
        foreach (var f in module.Functions)
            foreach (var buffer in f.Parameters.Concat(f.Temporaries)) buffer.TryBytes();
        foreach (var pass in passes)
        {
            if (module.Level > pass.From) continue;
            cancellation.ThrowIfCancellationRequested();
            module = pass.Run(module);
            if (module.Level != pass.To) throw new CompilerBugException(pass.Name, $"gave level {module.Level}, not {pass.To}");
            trace?.Invoke(pass, module);
        }
        return module;
    }
}
