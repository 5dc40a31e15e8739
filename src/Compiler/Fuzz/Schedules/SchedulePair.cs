using System.Collections.Immutable;
using System.Globalization;

namespace Tx.Fuzz.Schedules;

/// <summary>A line of a generated schedule.</summary>
/// <param name="Text">As it stands in the schedule; a knob may stand on a line of its own before it.</param>
/// <param name="Primitive">What it does.</param>
public sealed record ScheduleLine(string Text, string Primitive);

/// <summary>A generated program with a schedule for its operator.</summary>
/// <param name="Declarations">Strategies that the schedule calls, as text.</param>
/// <param name="IsSymbolic">The schedule was drawn for all sizes, not for the program's.</param>
/// <param name="IsAccepted">No step was refused when it was drawn.</param>
/// <param name="IsDevice">It is for a device with blocks and threads: its nests are run by the interpreter alone.</param>
public sealed record SchedulePair(
    ulong Seed, GeneratedProgram Program, ImmutableArray<string> Declarations, ImmutableArray<ScheduleLine> Lines, bool IsSymbolic, bool IsAccepted,
    bool IsDevice = false)
{
    public const string ScheduleName = "s";
    public const string DeviceName = "gpu";

    /// <summary>The program, and the schedule after it.</summary>
    public string Text => $"{Program.Text}{string.Concat(Declarations.Select(d => $"\n{d}\n"))}\n{ScheduleText}";

    public string ScheduleText =>
        $"schedule {ScheduleName} for {Program.Operator} on {(IsDevice ? DeviceName : "cpu")} {{\n{string.Concat(Lines.Select(l => $"    {l.Text.Replace("\n", "\n    ", StringComparison.Ordinal)}\n"))}}}\n";

    public string SizesText => string.Join(' ', Program.Sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}={s.Value}")));
}

/// <summary>What went wrong with a pair.</summary>
/// <param name="Kind">Where and how, without figures: what stays the same while the pair is made smaller.</param>
/// <param name="Where">Which nest, pass or kernel, at which sizes.</param>
public sealed record ScheduleFailure(SchedulePair Pair, string Kind, string Where, string What)
{
    /// <summary>A reproducer: the pair's text, with what happened as a comment.</summary>
    public override string ToString() =>
        $"// seed {Pair.Seed.ToString(CultureInfo.InvariantCulture)}, {(Pair.IsSymbolic ? "all sizes" : "sizes")} {Pair.SizesText}\n// {Where}: {What.TrimEnd().ReplaceLineEndings("\n// ")}\n{Pair.Text}";
}
