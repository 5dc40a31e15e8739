using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Placement;

/// <summary>An instance that reads a stage.</summary>
internal sealed record Reader(int Nest, ImmutableArray<For> Loops, Instance Instance);

internal static class Readers
{
    /// <summary>Instances outside of nest <paramref name="own"/> that read one of some buffers.</summary>
    public static ImmutableArray<Reader> Of(ScheduleState state, ImmutableArray<Buffer> buffers, int own) =>
        [.. buffers.SelectMany(b => state.Nests.Readers(b)).Distinct().Where(n => n != own).Order().SelectMany(n =>
            LoopsOf(state.Nests[n], []).Where(i => i.Instance.Reads.Any(r => buffers.Contains(r.Buffer))).Select(i => new Reader(n, i.Loops, i.Instance)))];

    private static IEnumerable<(Instance Instance, ImmutableArray<For> Loops)> LoopsOf(Stmt s, ImmutableArray<For> around) => s switch
    {
        Instance i => [(i, around)],
        Block b => b.Statements.SelectMany(x => LoopsOf(x, around)),
        For f => LoopsOf(f.Body, around.Add(f)),
        Allocate a => LoopsOf(a.Body, around),
        LetStmt l => LoopsOf(l.Body, around),
        If i => i.Else is null ? LoopsOf(i.Then, around) : LoopsOf(i.Then, around).Concat(LoopsOf(i.Else, around)),
        _ => [],
    };
}

/// <summary>Where a stage can be computed.</summary>
internal static class Places
{
    /// <summary>The loops that are legal, outermost first; root always is.</summary>
    public static ImmutableArray<Var> Of(ScheduleState state, PlainStage stage)
    {
        var readers = Readers.Of(state, stage.Buffers, stage.Nest);
        if (readers.IsEmpty || readers.Any(r => r.Nest != readers[0].Nest)) return [];
        return [.. readers[0].Loops.Select(l => l.Variable).Where(v => WhyNot(state, stage, LoopPlace.Find(state.Nests[readers[0].Nest], v, readers[0].Nest)) is null)];
    }

    /// <summary>Why the stage cannot be computed in a loop; null where it can.</summary>
    public static string? WhyNot(ScheduleState state, PlainStage stage, LoopPlace at)
    {
        if (at.Nest == stage.Nest) return "this is a loop of its own";
        var readers = Readers.Of(state, stage.Buffers, stage.Nest);
        if (readers.IsEmpty) return "nothing reads it";
        if (readers.FirstOrDefault(r => r.Nest != at.Nest || !r.Loops.Any(l => ReferenceEquals(l.Variable, at.Loop.Variable))) is { } outside)
            return $"`{outside.Instance.Name}` reads it outside of that loop";
        if (CopiesOf(state.Nests[at.Nest]).Any(stage.Buffers.Contains)) return "a copy of memory or a prefetch names it";
        if (at.Around.Add(at.Loop).FirstOrDefault(l => l.Kind is LoopKind.Vectorized) is { } vector)
            return ReferenceEquals(vector, at.Loop) ? "that loop is vectorised" : $"it is inside of `{Names.Of(state, vector.Variable)}`, which is vectorised";
        // What it reads is the same at both places.
        int from = state.Nests.Order.IndexOf(stage.Nest), to = state.Nests.Order.IndexOf(at.Nest);
        foreach (var read in stage.Instance.Reads.Select(r => r.Buffer).Distinct().Except(stage.Buffers))
            if (state.Nests.Writers(read).Any(w => state.Nests.Order.IndexOf(w) is var n && n > from && n <= to)) return $"`{read.Name}`, which it reads, changes before";
        return to < from ? "it is computed later" : null;
    }

    /// <summary>Buffers that copies of memory and prefetches name.</summary>
    public static IEnumerable<Buffer> CopiesOf(Stmt s) => s switch
    {
        Block b => b.Statements.SelectMany(CopiesOf),
        For f => CopiesOf(f.Body),
        Allocate a => CopiesOf(a.Body),
        LetStmt l => CopiesOf(l.Body),
        If i => i.Else is null ? CopiesOf(i.Then) : CopiesOf(i.Then).Concat(CopiesOf(i.Else)),
        Effect x => x.Buffers,
        _ => [],
    };
}

/// <summary>Is every element of a stage read, so that computing what is read computes all of it?</summary>
internal static class Coverage
{
    public static bool IsWhole(ScheduleState state, PlainStage stage) => stage.Buffers.All(b => Readers.Of(state, stage.Buffers, stage.Nest).Any(r => ReadsAll(r.Instance, b)));

    // One read without a condition, at the iterations themselves, over the whole of their ranges.
    private static bool ReadsAll(Instance i, Buffer b)
    {
        foreach (var load in Loads.In(i))
        {
            if (!ReferenceEquals(load.Buffer, b) || load.Predicate is not null) continue;
            var used = new HashSet<Var>();
            bool covers = true;
            for (int d = 0; d < load.Indices.Length && covers; d++)
                covers = load.Indices[d] is Var v && used.Add(v) && i.Iterations.FirstOrDefault(it => ReferenceEquals(it.Variable, v)) is { } it
                    && it.Start.IsConstant(0) && StructuralComparer.Equal(it.End, b.Shape[d]);
            if (covers && i.Iterations.All(it => used.Contains(it.Variable) || it.End - it.Start is IntImm { Value: > 0 })) return true;
        }
        return false;
    }
}

/// <summary>What a schedule calls its loops.</summary>
internal static class Names
{
    public static string Of(ScheduleState state, Var loop)
    {
        foreach (var (handle, v) in state.Loops)
            if (ReferenceEquals(v, loop)) return handle.Name;
        if (state.Nests.FindNest(loop) is { } nest)
            // What copies into a cache runs in the loops of others.
            foreach (var i in state.Nests.Instances(nest).OrderBy(i => i.Origin?.Equation is null))
                foreach (var it in i.Iterations)
                    if (ReferenceEquals(it.Binding, loop) && it.Variable.Name.StartsWith('v')) return $"{OfStage(i.Name)}.{it.Variable.Name[1..]}";
        return loop.Name;
    }

    /// <summary><c>Y.eq(1)</c> for the instance <c>Y.eq1</c>.</summary>
    public static string OfStage(string instance) => Numbered.Replace(instance, ".$1($2)");

    private static readonly System.Text.RegularExpressions.Regex Numbered = new(@"\.(eq|update)([0-9]+)(?=\.|$)");
}
