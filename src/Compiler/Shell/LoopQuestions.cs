using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Shells;

/// <summary>What may be done to a loop of a schedule: every answer is that of the primitive itself, which is tried on the nests as they are.</summary>
internal static class LoopQuestions
{
    /// <summary>All loops, each with what it may be at once.</summary>
    public static string Overview(ScheduleExplorer explorer)
    {
        var text = new StringBuilder();
        foreach (var (name, loop, _) in LoopNames.Of(explorer.State))
        {
            text.Append(name).Append(Range(loop)).Append(": ");
            string lanes = Lanes(explorer, loop);
            text.AppendJoin(", ", new[] { ("parallel", $"{name}.parallel()"), ("vectorize", $"{name}.vectorize({lanes})"), ("unroll", $"{name}.unroll(4)") }
                .Select(q => $"{q.Item1} {(Ask(explorer, q.Item2).IsPossible ? "yes" : "no")}")).Append('\n');
        }
        return text.Append("// `:why LOOP` gives the reasons").ToString();
    }

    /// <summary>The loop that a name means; null where there is none.</summary>
    public static (string Name, For Loop, int Nest)? Find(ScheduleExplorer explorer, string name)
    {
        var loops = LoopNames.Of(explorer.State).ToList();
        int at = loops.FindIndex(l => l.Name == name);
        if (at < 0) at = loops.FindIndex(l => l.Name.EndsWith("." + name, StringComparison.Ordinal) || l.Loop.Variable.Name == name);
        return at < 0 ? null : loops[at];
    }

    /// <summary>What a loop may and may not do, and why.</summary>
    public static string Explain(ScheduleExplorer explorer, (string Name, For Loop, int Nest) at)
    {
        var (name, loop, nest) = at;
        var text = new StringBuilder();
        var stages = LoopPlace.InstancesIn(loop.Body).Select(i => LoopNames.Stages(explorer.State).First(s => ReferenceEquals(s.Instance, i)).Name).ToList();
        text.Append(name).Append(Range(loop)).Append(loop.Kind is LoopKind.Serial ? "" : $", {loop.Kind.ToString().ToLowerInvariant()}").Append(stages.Count == 0 ? "\n" : $", around {string.Join(", ", stages)}\n");
        foreach (string step in (ReadOnlySpan<string>)["parallel()", $"vectorize({Lanes(explorer, loop)})", "unroll()", "unroll(4)", "split(8)", "partition()"])
            Answer(text, step, Ask(explorer, step == "split(8)" ? $"({Free(name, "o")}, {Free(name, "i")}) = {name}.{step}" : $"{name}.{step}"));
        Order(text, explorer, at);
        Places(text, explorer, at);
        return text.ToString().TrimEnd('\n');
    }

    private static string Free(string name, string end) => name.Replace('.', '_') + "_" + end;

    // Each neighbour inside: fused with it, and in its place.
    private static void Order(StringBuilder text, ScheduleExplorer explorer, (string Name, For Loop, int Nest) at)
    {
        var loops = LoopNames.Of(explorer.State).Where(l => l.Nest == at.Nest).ToList();
        var stage = LoopNames.Stages(explorer.State).FirstOrDefault(s => s.Loops.Any(l => ReferenceEquals(l, at.Loop)));
        if (stage.Instance is null) return;
        int own = stage.Loops.IndexOf(at.Loop);
        bool isApart = false;
        foreach (var other in stage.Loops)
        {
            if (ReferenceEquals(other, at.Loop)) continue;
            string name = loops.First(l => ReferenceEquals(l.Loop, other)).Name;
            string line = stage.Loops.IndexOf(other) > own ? $"{stage.Name}.reorder({name}, {at.Name})" : $"{stage.Name}.reorder({at.Name}, {name})";
            var answer = Ask(explorer, line);
            // Statements between loops keep all of them apart.
            bool isNested = !answer.Lines[0].StartsWith(ScheduleRefusals.NotNested.Code, StringComparison.Ordinal);
            if (isNested || !isApart) Answer(text, line, answer);
            isApart |= !isNested;
        }
        if (at.Loop.Body is For inner && loops.First(l => ReferenceEquals(l.Loop, inner)).Name is var next) Answer(text, $"fuse({next})", Ask(explorer, $"{Free(at.Name, "f")} = {at.Name}.fuse({next})"));
    }

    // Stages of other nests that can be computed in this loop, and what can be kept close.
    private static void Places(StringBuilder text, ScheduleExplorer explorer, (string Name, For Loop, int Nest) at)
    {
        var stages = LoopNames.Stages(explorer.State).ToList();
        foreach (var (name, instance, loops) in stages)
        {
            if (loops.Any(l => ReferenceEquals(l, at.Loop))) continue;
            Answer(text, $"{name}.compute_at({at.Name})", Ask(explorer, $"{name}.compute_at({at.Name})"));
        }
        foreach (var buffer in at.Loop.BuffersRead().Except(at.Loop.BuffersWritten()).Where(b => b.Shape.Length > 0).DistinctBy(b => b.Name))
        {
            string line = $"{buffer.Name}.cache_read(at = {at.Name}, memory = local)";
            Answer(text, line, Ask(explorer, $"{Free(at.Name, buffer.Name)} = {line}"));
        }
    }

    private static void Answer(StringBuilder text, string step, (bool IsPossible, ImmutableArray<string> Lines) answer)
    {
        text.Append("  ").Append(answer.IsPossible ? "yes " : "no  ").Append(step.PadRight(28)).Append("  ").Append(answer.Lines[0]).Append('\n');
        foreach (string more in answer.Lines.Skip(1)) text.Append(' ', 36).Append(more).Append('\n');
    }

    private static (bool IsPossible, ImmutableArray<string> Lines) Ask(ScheduleExplorer explorer, string line)
    {
        AppliedSchedule applied;
        try { applied = explorer.Try(line); }
        catch (DiagnosticException e) { return (false, Say(e.Diagnostics[0])); }
        var known = explorer.Applied.Diagnostics.Select(d => (d.Code, d.Message)).ToHashSet();
        var error = applied.Diagnostics.FirstOrDefault(d => d.IsError && !known.Contains((d.Code, d.Message)));
        if (error is not null) return (false, Say(error));
        var none = applied.Diagnostics.FirstOrDefault(d => d.Descriptor == ScheduleRefusals.NoEffect && !known.Contains((d.Code, d.Message)));
        if (none is not null) return (false, [none.Message]);
        var steps = applied.Function.Steps.Skip(explorer.Applied.Function.Steps.Length).ToList();
        return steps.Count == 0 ? (false, ["it does nothing"]) : (true, [string.Join("; ", steps.Select(s => s.Evidence.ToString()).Distinct())]);
    }

    private static ImmutableArray<string> Say(Diagnostic d)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add($"{d.Code} {d.Message}");
        if (d.Witness is { } witness && !d.Message.Contains(witness, StringComparison.Ordinal)) lines.Add($"witness: {witness}");
        if (d.Help is { } help) lines.Add($"help: {help}");
        return lines.ToImmutable();
    }

    private static string Range(For loop) => $" in {loop.Min}..{(loop.Min is IntImm { Value: 0 } ? loop.Extent : Lower.Simplify.Simplifier.Simplify(loop.Min + loop.Extent))}";

    private static string Lanes(ScheduleExplorer explorer, For loop) =>
        explorer.State.Target.Lanes(LoopPlace.InstancesIn(loop.Body).Select(i => i.Writes[0].Buffer.Type).FirstOrDefault(ElementType.F32)).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
