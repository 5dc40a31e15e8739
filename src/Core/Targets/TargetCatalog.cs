using System.Collections.Immutable;

namespace Tx.Core;

/// <summary>The CPUs that can be named: <c>host</c>, <c>x86-64-v3</c>, <c>znver4</c>, <c>cortex-a53</c>, <c>aarch64+dotprod</c>, <c>cortex-m7</c>.</summary>
public static class TargetCatalog
{
    public static readonly DiagnosticDescriptor UnknownTarget = new("TX4080", Severity.Error, "unknown target",
        "there is no target `{0}`{1}", "name one of {2}");

    public static readonly DiagnosticDescriptor UnknownFeature = new("TX4081", Severity.Error, "unknown feature of a target",
        "`{0}` has no feature `{1}`{2}", "features of {3} are {4}");

    private sealed record Entry(CpuArchitecture Architecture, string Triple, string Processor, string[] Features, int RegisterBytes, int Registers, long L1Bytes, long L2Bytes, long L3Bytes);

    private const string X86Triple = "x86_64-unknown-linux-gnu", ArmTriple = "aarch64-unknown-linux-gnu";
    private const string ThumbTriple = "thumbv7em-none-unknown-eabihf", Thumb8Triple = "thumbv8m.main-none-unknown-eabihf";

    private static readonly string[] Level1 = ["sse", "sse2"];
    private static readonly string[] Level2 = [.. Level1, "cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"];
    private static readonly string[] Level3 = [.. Level2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"];
    private static readonly string[] Level4 = [.. Level3, "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"];
    private static readonly string[] Icelake = [.. Level4, "aes", "avx512bitalg", "avx512ifma", "avx512vbmi", "avx512vbmi2", "avx512vnni", "avx512vpopcntdq", "gfni", "pclmul", "vaes", "vpclmulqdq"];
    private static readonly string[] Zen2 = [.. Level3, "aes", "pclmul", "sse4a"];
    private static readonly string[] Zen3 = [.. Zen2, "vaes", "vpclmulqdq"];
    private static readonly string[] Zen4 = [.. Icelake, "avx512bf16", "sse4a"];
    private static readonly string[] Neon = ["fp-armv8", "neon"];
    private static readonly string[] Arm82 = [.. Neon, "crc", "dotprod", "fullfp16", "lse", "rdm"];

    // Sizes of caches are those of usual machines with the CPU: they steer blocking, nothing depends on them.
    private static readonly ImmutableSortedDictionary<string, Entry> Entries = new Dictionary<string, Entry>
    {
        ["x86-64"] = X86("x86-64", Level1),
        ["x86-64-v2"] = X86("x86-64-v2", Level2),
        ["x86-64-v3"] = X86("x86-64-v3", Level3),
        ["x86-64-v4"] = X86("x86-64-v4", Level4),
        ["nehalem"] = X86("nehalem", Level2),
        ["haswell"] = X86("haswell", [.. Level3, "aes", "pclmul"]),
        ["skylake"] = X86("skylake", [.. Level3, "aes", "pclmul"]),
        ["skylake-avx512"] = X86("skylake-avx512", [.. Level4, "aes", "pclmul"], 1 << 20),
        ["cascadelake"] = X86("cascadelake", [.. Level4, "aes", "avx512vnni", "pclmul"], 1 << 20),
        ["icelake-server"] = X86("icelake-server", Icelake, 1280 << 10),
        ["sapphirerapids"] = X86("sapphirerapids", [.. Icelake, "avx512bf16", "avx512fp16", "avxvnni"], 2 << 20),
        ["alderlake"] = X86("alderlake", [.. Level3, "aes", "avxvnni", "gfni", "pclmul", "vaes", "vpclmulqdq"], 1280 << 10),
        ["znver1"] = X86("znver1", Zen2),
        ["znver2"] = X86("znver2", Zen2),
        ["znver3"] = X86("znver3", Zen3),
        ["znver4"] = X86("znver4", Zen4, 1 << 20),
        ["znver5"] = X86("znver5", [.. Zen4, "avxvnni"], 1 << 20),
        ["aarch64"] = AArch64("generic", Neon, 512 << 10),
        ["cortex-a53"] = AArch64("cortex-a53", [.. Neon, "aes", "crc", "sha2"], 512 << 10),
        ["cortex-a55"] = AArch64("cortex-a55", Arm82, 256 << 10),
        ["cortex-a72"] = AArch64("cortex-a72", [.. Neon, "aes", "crc", "sha2"], 1 << 20),
        ["cortex-a76"] = AArch64("cortex-a76", Arm82, 512 << 10),
        ["neoverse-n1"] = AArch64("neoverse-n1", Arm82, 1 << 20),
        ["neoverse-v1"] = AArch64("neoverse-v1", [.. Arm82, "bf16", "i8mm"], 1 << 20),
        ["apple-m1"] = AArch64("apple-m1", Arm82, 4 << 20),
        ["cortex-m4"] = Arm("cortex-m4", ThumbTriple, ["dsp", "vfp4d16sp"], 0),
        ["cortex-m7"] = Arm("cortex-m7", ThumbTriple, ["dsp", "fp-armv8d16"], 16 << 10),
        ["cortex-m33"] = Arm("cortex-m33", Thumb8Triple, ["dsp", "fp-armv8d16sp"], 0),
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Names without features, sorted; <c>host</c> apart.</summary>
    public static IEnumerable<string> Names => Entries.Keys;

    /// <summary>A target by name, with features added or taken away: <c>x86-64-v3+avxvnni</c>, <c>znver4-gfni</c>.</summary>
    /// <exception cref="DiagnosticException">TX4080 or TX4081.</exception>
    public static CpuTarget Parse(string text)
    {
        if (text == "host") return CpuTarget.Host();
        // Names have dashes of their own: the longest that fits is meant.
        string name = Entries.Keys.Where(k => text == k || text.StartsWith(k + "+", StringComparison.Ordinal) || text.StartsWith(k + "-", StringComparison.Ordinal)).MaxBy(k => k.Length)
            ?? throw Unknown(text);
        var entry = Entries[name];
        var changes = Changes(text[name.Length..]);
        var known = FeaturesOf(entry.Architecture);
        foreach (var (_, feature) in changes)
            if (!known.Contains(feature)) throw UnknownIn(text, name, feature, entry.Architecture, known);
        var features = entry.Features.ToImmutableSortedSet(StringComparer.Ordinal);
        foreach (var (isAdded, feature) in changes) features = isAdded ? features.Add(feature) : features.Remove(feature);
        var (bytes, registers) = entry.Architecture is CpuArchitecture.X86 ? Vectors(features) : (entry.RegisterBytes, entry.Registers);
        return new(text, features, bytes, registers, entry.L1Bytes, entry.L2Bytes, entry.L3Bytes)
        {
            Architecture = entry.Architecture, Processor = entry.Processor, Triple = entry.Triple,
            FeatureChanges = string.Join(',', changes.Select(c => (c.IsAdded ? "+" : "-") + c.Feature)),
        };
    }

    /// <summary>The features of an architecture that can be added and taken away, sorted.</summary>
    public static ImmutableSortedSet<string> FeaturesOf(CpuArchitecture architecture) =>
        [.. Entries.Values.Where(e => e.Architecture == architecture).SelectMany(e => e.Features)];

    private static List<(bool IsAdded, string Feature)> Changes(string text)
    {
        var changes = new List<(bool, string)>();
        for (int at = 0; at < text.Length;)
        {
            int end = text.AsSpan(at + 1).IndexOfAny('+', '-');
            end = end < 0 ? text.Length : at + 1 + end;
            // A feature has a dash in it, too: fp-armv8.
            while (end < text.Length && text[end] == '-' && FeatureWith(text[(at + 1)..], end - at - 1) is { } longer) end = at + 1 + longer;
            changes.Add((text[at] == '+', text[(at + 1)..end]));
            at = end;
        }
        return changes;
    }

    // The length of a known feature that the text begins with and that is longer than `length`.
    private static int? FeatureWith(string text, int length)
    {
        foreach (string f in Entries.Values.SelectMany(e => e.Features))
            if (f.Length > length && text.StartsWith(f, StringComparison.Ordinal)) return f.Length;
        return null;
    }

    private static DiagnosticException Unknown(string text) =>
        new(UnknownTarget, null, text, Suggestion.For(text.Split('+')[0], Entries.Keys.Append("host")) is { } near ? $"; did you mean `{near}`?" : "", $"host, {string.Join(", ", Entries.Keys)}");

    private static DiagnosticException UnknownIn(string text, string name, string feature, CpuArchitecture architecture, ImmutableSortedSet<string> known) =>
        text.Length > name.Length && text[name.Length] == '-' && Suggestion.For(text, Entries.Keys) is not null ? Unknown(text)
            : new(UnknownFeature, null, name, feature, Suggestion.For(feature, known) is { } near ? $"; did you mean `{near}`?" : "",
                architecture switch { CpuArchitecture.X86 => "x86-64", CpuArchitecture.AArch64 => "aarch64", CpuArchitecture.Arm => "microcontrollers" }, string.Join(", ", known));

    private static (int Bytes, int Registers) Vectors(ImmutableSortedSet<string> features) =>
        features.Contains("avx512f") && features.Contains("avx512bw") ? (64, 32) : features.Contains("avx2") ? (32, 16) : (16, 16);

    private static Entry X86(string processor, string[] features, long l2 = 256 << 10) => new(CpuArchitecture.X86, X86Triple, processor, features, 0, 0, 32 << 10, l2, 8 << 20);

    private static Entry AArch64(string processor, string[] features, long l2) => new(CpuArchitecture.AArch64, ArmTriple, processor, features, 16, 32, 32 << 10, l2, 2 << 20);

    // No vectors: an element at a time in scalar registers. Without a cache, what is near is what there is.
    private static Entry Arm(string processor, string triple, string[] features, long l1) =>
        new(CpuArchitecture.Arm, triple, processor, features, 1, 16, l1 == 0 ? 64 << 10 : l1, 64 << 10, 512 << 10);
}
