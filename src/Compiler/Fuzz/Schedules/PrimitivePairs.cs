using System.Collections.Immutable;

namespace Tx.Fuzz.Schedules;

/// <summary>Which primitives cannot stand in one accepted schedule, and why. All others are to occur together.</summary>
public static class PrimitivePairs
{
    /// <summary>What two primitives that can combine are to have in this many pairs at least: one.</summary>
    public const int PairsForOne = 1_000;

    // Every primitive can be given to a stage of its own, and the steps of devices stand beside those that any target has: there is no such pair yet.
    public static ImmutableDictionary<(string First, string Second), string> Impossible { get; } = ImmutableDictionary<(string, string), string>.Empty;

    /// <summary>Why two primitives, in the order of their names, cannot stand together; null where they can.</summary>
    public static string? WhyNot(string first, string second) => Impossible.GetValueOrDefault((first, second));
}
