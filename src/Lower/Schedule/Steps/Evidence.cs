namespace Tx.Lower.Schedule.Steps;

/// <summary>Why a step of a schedule is believed.</summary>
public enum EvidenceTier
{
    /// <summary>By an argument for all sizes of the nest: by construction, or decided by the integer-set library.</summary>
    Proved = 1,
    /// <summary>By running both nests in the interpreter at reduced sizes that reach every tail.</summary>
    Checked = 2,
    /// <summary>By random differential runs of the kernel.</summary>
    Tested = 3,
}

/// <param name="Argument">A few plain words: <c>order stays</c>, <c>no two iterations touch one element</c>.</param>
public sealed record Evidence(EvidenceTier Tier, string Argument)
{
    /// <summary>What has to be checked before the step counts; null where nothing is open. No step that was done has one.</summary>
    public StepClaim? Claim { get; init; }

    public static Evidence Proved(string argument) => new(EvidenceTier.Proved, argument);
    public static Evidence Checked(string argument) => new(EvidenceTier.Checked, argument);
    public static Evidence Tested(string argument) => new(EvidenceTier.Tested, argument);
    /// <summary>Neither proved nor refuted so far.</summary>
    public static Evidence Claimed(StepClaim claim) => new(EvidenceTier.Checked, "") { Claim = claim };
    public override string ToString() => $"{Tier switch { EvidenceTier.Proved => "proved", EvidenceTier.Checked => "checked", _ => "tested" }}: {Argument}";

    /// <summary>Both must hold: the weaker tier.</summary>
    public static Evidence operator &(Evidence a, Evidence b) =>
        a.Claim is { } x ? b.Claim is { } y ? Claimed(x & y) : a : b.Claim is not null ? b
        : a.Tier == b.Tier ? new(a.Tier, a.Argument == b.Argument ? a.Argument : $"{a.Argument}; {b.Argument}") : a.Tier > b.Tier ? a : b;
}
